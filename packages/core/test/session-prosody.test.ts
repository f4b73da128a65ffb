import { AuthenticationError, Session, type SessionOptions, StanzaError, TlsError, xml } from "@larder/core";
import { type ProsodyServer, startProsody, startTcpProxy } from "@larder/testing";
import test from "ava";
import { collect, keptLog, once } from "./session-helper.js";

const password = async () => "secret";

function sessionAt(server: ProsodyServer, name: string, options: Partial<SessionOptions> = {}) {
  return new Session({
    jid: `${name}@${server.domain}`,
    password,
    service: server.service,
    ca: server.ca,
    backOff: { initialMs: 10, maxMs: 100 },
    ...options,
  });
}

const message = (to: string | undefined, body: string) =>
  xml("message", { to, type: "chat", id: body }, xml("body", {}, body));

test("STARTTLS, direct TLS and a resource of our choice all come online at Prosody", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  const memory = { mechanism: undefined as string | undefined };
  await using starttls = sessionAt(server, "alice", {
    resource: "one",
    memory: {
      load: async () => memory,
      save: async (patch) => {
        Object.assign(memory, patch);
      },
    },
  });
  await using direct = sessionAt(server, "alice", { service: server.directTlsService, resource: "two" });
  await Promise.all([starttls.connect(), direct.connect()]);
  t.is(starttls.jid, `alice@${server.domain}/one`);
  t.is(direct.jid, `alice@${server.domain}/two`);
  t.is(memory.mechanism, "SCRAM-SHA-256");
  t.like(starttls.serverFeatures, { rosterVersioning: true, streamManagement: true });
});

for (const certificate of ["expired", "foreign"] as const) {
  test(`Prosody's ${certificate} certificate is refused in words of its own`, async (t) => {
    await using server = await startProsody({ users: { alice: "secret" }, certificate });
    for (const service of [server.service, server.directTlsService]) {
      const session = sessionAt(server, "alice", { service });
      await t.throwsAsync(session.connect(), {
        instanceOf: TlsError,
        message: certificate === "expired" ? /has expired/ : /is not for larder\.test but for somebody-else/,
      });
      t.is(session.state, "failed");
    }
  });
}

test("a wrong password and an unknown account are told in one line", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  for (const name of ["alice", "nobody"]) {
    const session = sessionAt(server, name, { password: async () => "wrong" });
    const error = await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError });
    t.regex(error?.message ?? "", new RegExp(`^${name}@larder\\.test: .*password[^\\n]*$`));
    t.is(session.state, "failed");
  }
});

test("nothing is lost or doubled in either direction while the connection is cut again and again", async (t) => {
  await using server = await startProsody({ users: { alice: "secret", bob: "secret" } });
  await using proxy = await startTcpProxy({ port: server.port });
  await using alice = sessionAt(server, "alice", { service: `xmpp://${proxy.host}:${proxy.port}` });
  await using bob = sessionAt(server, "bob");
  const atAlice = collect(alice);
  const atBob = collect(bob);
  await Promise.all([alice.connect(), bob.connect()]);
  const { jid } = alice;
  for (const session of [alice, bob]) await session.sendTracked(xml("presence"));
  let resumptions = 0;
  alice.on("online", ({ resumed }) => {
    t.true(resumed);
    resumptions++;
  });
  const bodies = Array.from({ length: 200 }, (_, index) => `${index}`);
  const sent: Promise<void>[] = [];
  for (const body of bodies) {
    sent.push(alice.sendTracked(message(bob.jid, body)), bob.sendTracked(message(jid, body)));
    if (Number(body) % 50 === 25) {
      const back = once(alice, "online");
      // In the middle of what is under way: some of it has left, some has not.
      await new Promise(setImmediate);
      proxy.cut();
      await back;
    }
  }
  await Promise.all(sent);
  // A round trip behind everything: what was to come has come.
  for (const session of [alice, bob]) {
    await session.request(
      xml("iq", { type: "get", to: server.domain }, xml("ping", { xmlns: "urn:xmpp:ping" })),
    );
  }
  const texts = (all: typeof atAlice.all) =>
    all.filter(({ name }) => name === "message").map((stanza) => stanza.getChildText("body"));
  t.deepEqual(texts(atBob.all), bodies);
  t.deepEqual(texts(atAlice.all), bodies);
  t.is(resumptions, 4);
  t.is(alice.jid, jid);
});

test("a stanza that was not handled comes again after a resumption, once", async (t) => {
  await using server = await startProsody({ users: { alice: "secret", bob: "secret" } });
  await using proxy = await startTcpProxy({ port: server.port });
  await using alice = sessionAt(server, "alice", { service: `xmpp://${proxy.host}:${proxy.port}` });
  await using bob = sessionAt(server, "bob");
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const begun: string[] = [];
  let arrived = () => {};
  const both = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  alice.onStanza(
    async ({ name, attrs: { id = "" } }) => {
      if (name !== "message") return;
      begun.push(id);
      if (begun.length === 2) arrived();
      await held;
    },
    { lane: ({ attrs }) => attrs.id ?? "" },
  );
  await Promise.all([alice.connect(), bob.connect()]);
  for (const body of ["1", "2"]) await bob.sendTracked(message(alice.jid, body));
  await both;
  const back = once(alice, "online");
  proxy.cut();
  t.deepEqual(await back, { resumed: true });
  release();
  await alice.request(xml("iq", { type: "get", to: server.domain }, xml("ping", { xmlns: "urn:xmpp:ping" })));
  t.deepEqual(begun, ["1", "2"]);
  t.is(alice.stats.duplicates, 2, "Prosody did send them again");
});

test("a request survives the cut", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  await using proxy = await startTcpProxy({ port: server.port });
  await using alice = sessionAt(server, "alice", { service: `xmpp://${proxy.host}:${proxy.port}` });
  await alice.connect();
  const answers = Array.from({ length: 20 }, () =>
    alice.request(
      xml(
        "iq",
        { type: "get", to: server.domain },
        xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }),
      ),
    ),
  );
  proxy.cut();
  t.is((await Promise.all(answers)).length, 20);
});

// The library alone made Prosody end the stream here; see the comment at negotiate's #manage for the cause.
test("requests at the very moment of going online leave both counts right", async (t) => {
  await using server = await startProsody({ users: { alice: "secret", bob: "secret" } });
  await using proxy = await startTcpProxy({ port: server.port });
  await using bob = sessionAt(server, "bob");
  await bob.connect();
  for (let round = 0; round < 10; round++) {
    const { log, lines } = keptLog();
    await using alice = sessionAt(server, "alice", { service: `xmpp://${proxy.host}:${proxy.port}`, log });
    const early: Promise<unknown>[] = [];
    const off = alice.on("online", () => {
      early.push(
        alice.request(xml("iq", { type: "get" }, xml("query", { xmlns: "jabber:iq:roster" }))),
        alice.sendTracked(xml("presence")),
        alice.request(xml("iq", { type: "get", to: server.domain }, xml("ping", { xmlns: "urn:xmpp:ping" }))),
      );
    });
    const connected = alice.connect();
    await connected;
    off();
    await Promise.all(early);
    await bob.sendTracked(message(alice.jid, "x"));
    const back = once(alice, "online");
    proxy.cut();
    t.deepEqual(await back, { resumed: true });
    await alice.sendTracked(message(bob.jid, "y"));
    t.is(alice.stats.duplicates, 0);
    t.false(lines.some((line) => line.includes("ended the stream")));
  }
});

test("a resource taken by another session is a conflict, and nobody fights over it", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  await using first = sessionAt(server, "alice", { resource: "same" });
  await using second = sessionAt(server, "alice", { resource: "same" });
  await first.connect();
  const failed = once(first, "state", ({ state }) => state === "failed");
  await second.connect();
  t.is((await failed).error?.type, "conflict");
  t.is(second.state, "online");
});

test("after a restart of the server a new session begins by itself", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  await using alice = sessionAt(server, "alice");
  await alice.connect();
  const back = once(alice, "online");
  await server.restart();
  t.deepEqual(await back, { resumed: false });
  const answer = await alice.request(xml("iq", { type: "get" }, xml("query", { xmlns: "jabber:iq:roster" })));
  t.is(answer.attrs.type, "result");
});

test("without TLS, loopback is reached where it is asked for, and SCRAM still used", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" }, tls: false });
  await using alice = sessionAt(server, "alice", { tls: "disabled", ca: undefined });
  await alice.connect();
  t.is(alice.state, "online");
  await using strict = sessionAt(server, "alice", { ca: undefined });
  await t.throwsAsync(strict.connect(), { instanceOf: TlsError, message: /offers no encryption/ });
});

test("errors of real entities are StanzaErrors", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  await using alice = sessionAt(server, "alice");
  await alice.connect();
  const items = xml("pubsub", { xmlns: "http://jabber.org/protocol/pubsub" }, xml("items", { node: "none" }));
  await t.throwsAsync(alice.request(xml("iq", { type: "get", to: server.pubsub }, items)), {
    instanceOf: StanzaError,
    message: /item-not-found/,
  });
});

test("one request at a time does not stall", async (t) => {
  await using server = await startProsody({ users: { alice: "secret" } });
  await using alice = sessionAt(server, "alice");
  await alice.connect();
  const times: number[] = [];
  for (let index = 0; index < 51; index++) {
    const begin = performance.now();
    await alice.request(
      xml("iq", { type: "get", to: server.domain }, xml("ping", { xmlns: "urn:xmpp:ping" })),
    );
    times.push(performance.now() - begin);
  }
  const median = times.sort((a, b) => a - b)[25] ?? Infinity;
  t.true(median < 35, `${median} ms each; Nagle's algorithm would make it 40`);
});
