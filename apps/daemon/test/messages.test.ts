import { startProsody, startTcpProxy } from "@larder/testing";
import test from "ava";
import { addAccount, failure, startDaemon } from "./support.js";

const server = await startProsody({ users: { bob: "bob" } });
test.after.always(() => server.stop());

test("a message is pending, then sent, arrives once, and a reaction to it is seen by both, toggled and taken back", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await addAccount(client, server, "bob");
  await client.call("signals_subscribe", { signals: ["*"] });
  const { message: pending } = await client.call("message_send", {
    account: alice,
    to: bob,
    body: "Grüße 🫖",
    subject: "tea",
  });
  t.like(pending, { state: "pending", direction: "out", conversation: bob, account: alice, reactions: [] });
  await client.signal(
    ({ signal, params }) =>
      signal === "message_update" &&
      params.update === "state" &&
      // An event tells the message as it is when delivered: the receipt may be there already.
      ["sent", "delivered"].includes(params.message.state ?? ""),
  );
  const received = await client.signal(
    ({ signal, params }) => signal === "message_new" && params.message.account === bob && params.message,
  );
  t.like(received, {
    direction: "in",
    conversation: alice,
    bodies: [{ text: "Grüße 🫖" }],
    subjects: [{ text: "tea" }],
  });
  t.not(received.uid, pending.uid, "one message on two accounts is two messages");

  const react = async (reactions: string[], updateType: "replace" | "add" | "remove" | "toggle") => {
    const { message: own } = await client.call("message_reactions_set", {
      account: bob,
      uid: received.uid,
      reactions,
      updateType,
    });
    const theirs = await client.signal(
      ({ signal, params }) =>
        signal === "message_update" &&
        params.update === "reactions" &&
        params.message.uid === pending.uid &&
        params.message,
    );
    t.deepEqual(
      theirs.reactions.map(({ emoji }) => emoji),
      own.reactions.map(({ emoji }) => emoji),
    );
    return theirs.reactions;
  };
  t.like(await react(["👍", "❤"], "add"), [
    { emoji: "👍", count: 1, mine: false, senders: [{ id: bob, jid: bob, self: false }] },
    { emoji: "❤️", count: 1 },
  ]);
  t.like(await react(["👍", "🎉"], "toggle"), [{ emoji: "❤️" }, { emoji: "🎉" }]);
  t.like(await react(["❤️"], "remove"), [{ emoji: "🎉" }]);
  t.deepEqual(await react([], "replace"), []);
  const { messages } = await client.call("history_get", { account: alice, conversation: bob });
  t.is(messages.length, 1);
});

test("twenty toggles at once end in the right set", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const { message } = await client.call("message_send", {
    account: alice,
    to: `bob@${server.domain}`,
    body: "hm",
    wait: "sent",
  });
  t.is(message.state, "sent");
  const toggles = Array.from({ length: 21 }, (_, index) =>
    client.call("message_reactions_set", {
      uid: message.uid,
      reactions: [index % 3 === 0 ? "👍" : "🎉"],
      updateType: "toggle",
    }),
  );
  await Promise.all(toggles);
  const after = await client.call("message_get", { uid: message.uid });
  t.deepEqual(
    after.message.reactions.map(({ emoji }) => emoji),
    ["👍"],
  );
});

test("what is not exactly one emoji is refused by name, and nothing is changed", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const { message } = await client.call("message_send", {
    account: alice,
    to: `bob@${server.domain}`,
    body: "hm",
  });
  for (const wrong of ["ok", "👍👍", "👍 well", "1", " "]) {
    const error = await failure(
      client.call("message_reactions_set", { uid: message.uid, reactions: ["🎉", wrong] }),
    );
    t.is(error.type, "not_acceptable", wrong);
    t.true(error.message.includes(wrong));
  }
  t.deepEqual((await client.call("message_get", { uid: message.uid })).message.reactions, []);
});

test("a message written offline waits, survives a SIGKILL, and goes out once when the account is online", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  await client.call("account_disconnect", { account: alice });
  const bob = await addAccount(client, server, "bob");
  const send = () =>
    client.call("message_send", { account: alice, to: bob, body: "later", requestId: "once" });
  const { message } = await send();
  t.is((await send()).message.uid, message.uid, "the same request id sends once");
  t.is(await daemon.end("SIGKILL"), "SIGKILL");

  const again = await startDaemon(t, { home: daemon.home });
  const second = await again.connect();
  await second.call("signals_subscribe", { signals: ["message_new", "message_update"] });
  await second.call("account_connect", { account: bob });
  await second.call("account_connect", { account: alice });
  const arrived = await second.signal(
    ({ signal, params }) => signal === "message_new" && params.message.account === bob && params.message,
  );
  t.is(arrived.bodies[0]?.text, "later");
  await second.signal(
    ({ signal, params }) =>
      signal === "message_update" &&
      params.message.uid === message.uid &&
      ["sent", "delivered"].includes(params.message.state ?? ""),
  );
  const { messages } = await second.call("history_get", {
    account: bob,
    conversation: alice,
    search: "later",
  });
  t.is(messages.length, 1);
});

test("messages of one conversation keep their order through a cut connection, none lost and none doubled", async (t) => {
  await using proxy = await startTcpProxy({ host: server.host, port: server.port });
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const bob = await addAccount(client, server, "bob");
  await server.addUser("alice-behind-proxy", "alice");
  const alice = `alice-behind-proxy@${server.domain}`;
  await client.call("account_add", {
    jid: alice,
    password: "alice",
    service: `xmpp://127.0.0.1:${proxy.port}`,
    caFile: server.caFile,
    autoConnect: false,
  });
  await client.call("account_connect", { account: alice });
  await client.call("signals_subscribe", { signals: ["message_new"], accounts: [bob] });
  const texts = Array.from({ length: 60 }, (_, index) => `cut ${index}`);
  const sends = texts.map(async (body, index) => {
    if (index === 30) proxy.cut();
    await client.call("message_send", { account: alice, to: bob, body });
  });
  await Promise.all(sends);
  const arrived: string[] = [];
  while (arrived.length < texts.length) {
    arrived.push(
      await client.signal(
        ({ signal, params }) =>
          signal === "message_new" && params.message.direction === "in" && params.message.bodies[0]?.text,
      ),
    );
  }
  t.deepEqual(arrived, texts);
  const { messages } = await client.call("history_get", {
    account: bob,
    conversation: alice,
    search: "cut",
    limit: 1000,
  });
  t.is(messages.length, 60);
});

test("pages of history, back and forward, have each message once though new ones arrive between them", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await addAccount(client, server, "bob");
  await client.call("signals_subscribe", { signals: ["message_new"], accounts: [bob] });
  const say = async (body: string) => {
    await client.call("message_send", { account: alice, to: bob, body });
    await client.signal(
      ({ signal, params }) => signal === "message_new" && params.message.bodies[0]?.text === body,
    );
  };
  const old = Array.from({ length: 20 }, (_, n) => `page ${n}`);
  for (const body of old) await say(body);
  const page = async (edge: { before?: string; after?: string }) => {
    const { messages, complete } = await client.call("history_get", {
      account: bob,
      conversation: alice,
      search: "page",
      limit: 3,
      ...edge,
    });
    return { messages, complete, texts: messages.map(({ bodies }) => bodies[0]?.text ?? "") };
  };

  const back: string[] = [];
  let before: string | undefined;
  for (let round = 0; ; round++) {
    const { messages, texts, complete } = await page(before === undefined ? {} : { before });
    back.unshift(...texts);
    before = messages[0]?.uid;
    if (complete || before === undefined) break;
    await say(`page later ${round}`);
  }
  t.deepEqual(back, old);

  const forward: string[] = [];
  let after = "1970-01-01T00:00:00Z";
  for (let round = 0; ; round++) {
    const { messages, texts, complete } = await page({ after });
    forward.push(...texts);
    after = messages.at(-1)?.uid ?? after;
    if (complete) break;
    if (round < 3) await say(`page last ${round}`);
  }
  t.deepEqual(forward.slice(0, old.length), old);
  t.is(new Set(forward).size, forward.length, "none twice");
  t.deepEqual(forward.slice(-3), ["page last 0", "page last 1", "page last 2"]);
});

test("a message to nobody comes back as failed, with the reason", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  await client.call("signals_subscribe", { signals: ["message_update"] });
  const { message } = await client.call("message_send", {
    account: alice,
    to: `nobody@${server.domain}`,
    body: "hello?",
  });
  const failed = await client.signal(
    ({ signal, params }) => signal === "message_update" && params.update === "error" && params.message,
  );
  t.is(failed.uid, message.uid);
  t.like(failed, { state: "failed", error: { type: "unsupported", condition: "service-unavailable" } });
});

test("the roster is there after login", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  t.deepEqual((await client.call("roster_get", { account: alice })).contacts, []);
  const { Session, xml, NS_ROSTER } = await import("@larder/core");
  await using other = new Session({
    jid: alice,
    password: async () => "alice",
    service: server.service,
    ca: server.ca,
  });
  await other.connect();
  await other.request(
    xml(
      "iq",
      { type: "set" },
      xml(
        "query",
        { xmlns: NS_ROSTER },
        xml("item", { jid: "carol@larder.test", name: "Carol" }, xml("group", {}, "friends")),
      ),
    ),
  );
  // A push has no signal of its own; the daemon's answer to a later request comes after it.
  let contacts = (await client.call("roster_get", { account: alice })).contacts;
  while (contacts.length === 0) contacts = (await client.call("roster_get", { account: alice })).contacts;
  t.like(contacts, [{ jid: "carol@larder.test", name: "Carol", groups: ["friends"], subscription: "none" }]);
});
