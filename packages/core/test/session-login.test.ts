import { AuthenticationError, type SessionMemory, type SessionMemoryData } from "@larder/core";
import test from "ava";
import { loggedIn, message, once, prepared } from "./session-helper.js";

function memory(data: SessionMemoryData = {}): SessionMemory & { data: SessionMemoryData } {
  return {
    data,
    async load() {
      return { ...this.data };
    },
    async save(patch) {
      Object.assign(this.data, patch);
    },
  };
}

for (const hash of ["SHA-1", "SHA-256", "SHA-512"]) {
  test(`SCRAM-${hash} logs in, and is preferred over what is weaker`, async (t) => {
    const kept = memory();
    const { peer } = await loggedIn(t, { mechanisms: ["PLAIN", `SCRAM-${hash}`] }, { memory: kept });
    t.is(peer.authentication?.attrs.mechanism, `SCRAM-${hash}`);
    t.is(kept.data.mechanism, `SCRAM-${hash}`);
  });

  test(`SCRAM-${hash}-PLUS binds to the TLS channel where the server announces tls-exporter`, async (t) => {
    const { peer } = await loggedIn(t, {
      tls: "starttls",
      mechanisms: [`SCRAM-${hash}`, `SCRAM-${hash}-PLUS`],
      channelBindings: ["tls-server-end-point", "tls-exporter"],
    });
    t.is(peer.authentication?.attrs.mechanism, `SCRAM-${hash}-PLUS`);
  });
}

test("the server is told that binding was possible where it offers none", async (t) => {
  const { peer } = await loggedIn(t, { tls: "direct" });
  t.regex(Buffer.from(peer.authentication?.getText() ?? "", "base64").toString(), /^y,,/);
});

for (const sasl2 of [false, true]) {
  const offer = sasl2 ? { mechanisms: [], sasl2: { mechanisms: ["SCRAM-SHA-256"] } } : {};
  const name = sasl2 ? "SASL2" : "SASL";

  test(`a wrong signature of the server ends the login (${name})`, async (t) => {
    const { session, server } = await prepared(t, { ...offer, impostor: true });
    await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError, message: /impostor/ });
    t.is(session.state, "failed");
    t.notRegex(server.peers[0]?.transcript.join("") ?? "", /<iq|<presence/);
  });

  test(`a success without the server's signature ends the login (${name})`, async (t) => {
    const { session } = await prepared(t, { ...offer, unsigned: true });
    await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError, message: /impostor/ });
  });

  test(`a success instead of a challenge ends the login (${name})`, async (t) => {
    const ns = sasl2 ? "urn:xmpp:sasl:2" : "urn:ietf:params:xml:ns:xmpp-sasl";
    const { session } = await prepared(t, {
      ...offer,
      onElement: (peer, element) => {
        if (!/^auth/.test(element.name)) return false;
        peer.write(`<success xmlns='${ns}'/>`);
        return true;
      },
    });
    await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError, message: /impostor/ });
  });

  test(`a wrong password is told with the account, and not tried again (${name})`, async (t) => {
    const { session, server, lines } = await prepared(t, offer, { password: async () => "wrong-Zv9x" });
    const error = await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError });
    t.regex(error?.message ?? "", /^alice@example\.org: the server refused the name or the password/);
    t.is(error?.condition, "not-authorized");
    t.is(session.state, "failed");
    t.is(session.lastError, error);
    t.is(server.peers.length, 1);
    t.false(lines.some((line) => line.includes("Zv9x")));
  });
}

test("neither password nor token is ever logged or in an error", async (t) => {
  const kept = memory({ fastToken: { mechanism: "HT-SHA-256-NONE", token: "tok-Zv9x" } });
  const { session, lines, server } = await prepared(
    t,
    {
      tls: "direct",
      users: { alice: "secret-Zv9x" },
      sasl2: { mechanisms: ["SCRAM-SHA-256"], fast: ["HT-SHA-256-NONE"] },
    },
    { memory: kept, password: async () => "secret-Zv9x" },
  );
  await session.connect();
  server.options.users.alice = "other";
  server.tokens.clear();
  server.expireSessions();
  const failed = once(session, "state", ({ state }) => state === "failed");
  (await server.online()).cut();
  await failed;
  t.true(lines.length > 0);
  t.false(lines.join().includes("Zv9x"));
  t.false(String(session.lastError?.message).includes("Zv9x"));
});

test("a mechanism weaker than the one used before is refused before the password is touched", async (t) => {
  const { session } = await prepared(
    t,
    { mechanisms: ["SCRAM-SHA-1"] },
    { memory: memory({ mechanism: "SCRAM-SHA-256" }), password: async () => t.fail("asked") as never },
  );
  await t.throwsAsync(session.connect(), {
    instanceOf: AuthenticationError,
    message: /weaker login is refused/,
  });
  t.is(session.state, "failed");
});

test("nothing is remembered of a login that failed", async (t) => {
  const kept = memory();
  const { session } = await prepared(t, {}, { password: async () => "wrong", memory: kept });
  await t.throwsAsync(session.connect());
  t.is(kept.data.mechanism, undefined);
});

test("too many rounds of hashing are refused instead of keeping a core busy", async (t) => {
  const { session } = await prepared(t, { iterations: 50_000_000 });
  await t.throwsAsync(session.connect(), {
    instanceOf: AuthenticationError,
    message: /rounds of password hashing/,
  });
});

test("SASL2 with Bind 2 comes online with stream management, and no stanza before it", async (t) => {
  const kept = memory();
  const { session, peer, server } = await loggedIn(
    t,
    { tls: "starttls", mechanisms: ["SCRAM-SHA-1"], sasl2: { mechanisms: ["SCRAM-SHA-256"] } },
    { memory: kept, resource: "Larder" },
  );
  t.is(peer.authentication?.name, "authenticate");
  t.is(peer.header?.attrs.from, "alice@example.org", "FAST needs it in the header (XEP-0484)");
  t.regex(session.jid ?? "", /^alice@example\.org\/Larder\./);
  t.true(session.serverFeatures?.streamManagement);
  const id = peer.authentication?.getChild("user-agent")?.attrs.id;
  t.regex(id ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  t.is(kept.data.userAgentId, id);
  const resumed = once(session, "online");
  peer.cut();
  const next = await server.online();
  t.deepEqual(await resumed, { resumed: true });
  t.is(next.authentication?.getChild("user-agent")?.attrs.id, id, "the installation stays the same");
});

test("SASL2 without Bind 2 or inline stream management binds and enables by itself", async (t) => {
  for (const sasl2 of [
    { mechanisms: ["SCRAM-SHA-256"], bind2: false, inlineManagement: false },
    { mechanisms: ["SCRAM-SHA-256"], bind2: true, inlineManagement: false },
  ]) {
    const { session } = await loggedIn(t, { mechanisms: [], sasl2 });
    t.true(session.serverFeatures?.streamManagement);
    await session.sendTracked(message("1"));
  }
});

test("SASL is used where SASL2 has nothing in common", async (t) => {
  const { peer } = await loggedIn(t, { sasl2: { mechanisms: ["X-NEW"] } });
  t.is(peer.authentication?.name, "auth");
});

test("an offer without anything in common is told with what there was", async (t) => {
  for (const mechanisms of [["GSSAPI"], []]) {
    const { session } = await prepared(t, { mechanisms });
    await t.throwsAsync(session.connect(), {
      instanceOf: AuthenticationError,
      message: /no way of logging in/,
    });
    t.is(session.state, "failed");
  }
});

test("a second factor is refused with the reason", async (t) => {
  const { session } = await prepared(t, {
    mechanisms: [],
    sasl2: { mechanisms: ["SCRAM-SHA-256"] },
    onElement: (peer, element) => {
      if (element.name !== "authenticate") return false;
      peer.write("<continue xmlns='urn:xmpp:sasl:2'><tasks><task>TOTP</task></tasks></continue>");
      return true;
    },
  });
  await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError, message: /second step/ });
});

const fast = { mechanisms: ["SCRAM-SHA-256"], fast: ["HT-SHA-256-NONE"] };

test("a token is asked for with the password, kept, and used the next time instead of it", async (t) => {
  const kept = memory();
  let asked = 0;
  const { session, peer, server } = await loggedIn(
    t,
    { tls: "direct", mechanisms: [], sasl2: fast },
    {
      memory: kept,
      password: async () => {
        asked++;
        return "secret";
      },
    },
  );
  t.is(peer.authentication?.attrs.mechanism, "SCRAM-SHA-256");
  t.like(kept.data.fastToken, { mechanism: "HT-SHA-256-NONE", token: server.tokens.get("alice")?.token });
  t.truthy(kept.data.fastToken?.expiry);
  await session.disconnect();
  const [second] = await Promise.all([server.online(), session.connect()]);
  t.is(second.authentication?.attrs.mechanism, "HT-SHA-256-NONE");
  t.is(asked, 1);
  t.is(kept.data.mechanism, "SCRAM-SHA-256", "a token says nothing about the password's mechanism");
});

test("a token bound to the TLS channel is preferred", async (t) => {
  const kept = memory();
  const { session, server } = await loggedIn(
    t,
    { tls: "direct", mechanisms: [], sasl2: { ...fast, fast: ["HT-SHA-256-NONE", "HT-SHA-256-EXPR"] } },
    { memory: kept },
  );
  await session.disconnect();
  const [second] = await Promise.all([server.online(), session.connect()]);
  t.is(second.authentication?.attrs.mechanism, "HT-SHA-256-EXPR");
});

test("a token that the server refuses is forgotten, and the password used on the same connection", async (t) => {
  const kept = memory({
    fastToken: { mechanism: "HT-SHA-256-NONE", token: "old", expiry: "2999-01-01T00:00:00Z" },
  });
  const { session, server } = await loggedIn(
    t,
    { tls: "direct", mechanisms: [], sasl2: fast },
    { memory: kept },
  );
  t.is(session.state, "online");
  t.is(server.peers.length, 1);
  t.is(kept.data.fastToken?.token, server.tokens.get("alice")?.token, "and a new one was given");
});

test("a token past its time is not even tried", async (t) => {
  const kept = memory({
    fastToken: { mechanism: "HT-SHA-256-NONE", token: "old", expiry: "2020-01-01T00:00:00Z" },
  });
  const { peer } = await loggedIn(t, { tls: "direct", mechanisms: [], sasl2: fast }, { memory: kept });
  t.notRegex(peer.transcript.join(""), /HT-SHA-256-NONE.*initial-response.*SCRAM/s);
  t.is(peer.authentication?.attrs.mechanism, "SCRAM-SHA-256");
});

test("a server that does not know the token cannot take the login", async (t) => {
  const kept = memory();
  const { session, server } = await loggedIn(
    t,
    { tls: "direct", mechanisms: [], sasl2: fast },
    { memory: kept },
  );
  await session.disconnect();
  server.options.impostor = true;
  await t.throwsAsync(session.connect(), { instanceOf: AuthenticationError, message: /impostor/ });
});

test("no token is asked for or used on an unencrypted connection", async (t) => {
  const kept = memory({
    fastToken: { mechanism: "HT-SHA-256-NONE", token: "x", expiry: "2999-01-01T00:00:00Z" },
  });
  const { peer } = await loggedIn(t, { mechanisms: [], sasl2: fast }, { memory: kept });
  t.notRegex(peer.transcript.join(""), /HT-SHA|request-token/);
});

test("a memory that cannot be written to does not keep anybody out", async (t) => {
  const kept = memory();
  kept.save = async () => {
    throw new Error("disk full");
  };
  const { session, lines } = await loggedIn(t, {}, { memory: kept });
  t.is(session.state, "online");
  t.true(lines.some((line) => line.includes("disk full")));
});
