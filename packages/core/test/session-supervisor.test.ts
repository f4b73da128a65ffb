import { AuthenticationError, ConflictError, ConnectionError, Session } from "@larder/core";
import test from "ava";
import { loggedIn, message, messageFrom, once, prepared } from "./session-helper.js";

for (const [condition, type] of [
  ["conflict", ConflictError],
  ["not-authorized", ConnectionError],
] as const) {
  test(`the stream error ${condition} is final`, async (t) => {
    const { session, server, peer } = await loggedIn(t);
    const failed = once(session, "state", ({ state }) => state === "failed");
    peer.streamError(condition, "because");
    const { error } = await failed;
    t.true(error instanceof type);
    t.regex(error?.message ?? "", new RegExp(`^alice@example\\.org: .*${condition}.*because`));
    t.is(session.lastError, error);
    t.is(server.peers.length, 1);
    t.is(session.jid, undefined);
  });
}

for (const condition of [
  "system-shutdown",
  "reset",
  "connection-timeout",
  "undefined-condition",
  "host-unknown",
]) {
  test(`the stream error ${condition} is tried again`, async (t) => {
    const { session, server, peer } = await loggedIn(t);
    const back = once(session, "online");
    peer.streamError(condition);
    await server.online();
    await back;
    t.is(session.state, "online");
    t.is(session.lastError, undefined);
  });
}

test("after a policy-violation a session that was online goes on, with pauses that are long and grow", async (t) => {
  const { session, server, peer, lines } = await loggedIn(
    t,
    {},
    { backOff: { initialMs: 1, afterViolationMs: 20, random: () => 0 } },
  );
  let current = peer;
  for (let round = 0; round < 5; round++) {
    const paused = once(
      session,
      "state",
      ({ state, error }) => state === "connecting" && error !== undefined,
    );
    const back = once(session, "online");
    current.streamError("policy-violation", "too many unacked stanzas");
    const { error } = await paused;
    t.like(error, { type: "connection", condition: "policy-violation" });
    t.is(session.lastError, error, "it is there to be seen while it waits");
    current = await server.online();
    await back;
  }
  t.deepEqual(
    lines.flatMap((line) => /"waitMs":(\d+)/.exec(line)?.[1] ?? []),
    ["10", "20", "40", "80", "80"],
  );
});

test("a policy-violation before a session was ever online is final", async (t) => {
  const { session } = await prepared(t, {
    onElement: (peer, element) => {
      if (element.name !== "auth") return false;
      peer.streamError("policy-violation", "no");
      return true;
    },
  });
  await t.throwsAsync(session.connect(), { message: /policy-violation/ });
  t.is(session.state, "failed");
});

test("after a final failure, connect begins anew", async (t) => {
  const { session, server, peer } = await loggedIn(t);
  const failed = once(session, "state", ({ state }) => state === "failed");
  peer.streamError("conflict");
  await failed;
  await session.connect();
  t.is(session.state, "online");
  await server.online();
});

test("a passing SASL failure is tried again, and connect tells the first reason", async (t) => {
  let refuse = 2;
  const { session, server } = await prepared(t, {
    onElement: (peer, element) => {
      if (element.name !== "auth" || refuse-- <= 0) return false;
      peer.write(
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/><text>db down</text></failure>",
      );
      return true;
    },
  });
  const online = once(session, "online");
  await t.throwsAsync(session.connect(), { instanceOf: ConnectionError, message: /right now.*db down/ });
  t.is(session.state, "connecting");
  await online;
  t.is(server.peers.length, 3);
});

test("waits grow, and begin anew only after a session that lasted", async (t) => {
  const waits: number[] = [];
  const { session, server, peer, lines } = await loggedIn(
    t,
    {},
    { backOff: { initialMs: 4, maxMs: 64, random: () => 0 }, timeouts: { stableMs: 60_000 } },
  );
  let current = peer;
  for (let round = 0; round < 4; round++) {
    const back = once(session, "online");
    current.cut();
    current = await server.online();
    await back;
  }
  for (const line of lines) {
    const wait = /"waitMs":(\d+)/.exec(line)?.[1];
    if (wait !== undefined) waits.push(Number(wait));
  }
  t.deepEqual(waits, [2, 4, 8, 16]);
});

test("a session that was online for a while resets the back-off", async (t) => {
  const { session, server, peer, lines } = await loggedIn(
    t,
    {},
    { backOff: { initialMs: 4, maxMs: 64, random: () => 0 }, timeouts: { stableMs: 0 } },
  );
  let current = peer;
  for (let round = 0; round < 3; round++) {
    const back = once(session, "online");
    current.cut();
    current = await server.online();
    await back;
  }
  t.is(lines.filter((line) => line.includes('"waitMs":2')).length, 3);
});

test("calls to connect join one attempt, and one during a wait cuts it short", async (t) => {
  const { session, server, peer } = await loggedIn(
    t,
    {},
    { backOff: { initialMs: 3_600_000, random: () => 0 } },
  );
  const away = once(session, "state", ({ state }) => state === "connecting");
  peer.cut();
  await away;
  await Promise.all([session.connect(), session.connect(), session.connect()]);
  t.is(server.peers.length, 2);
  await session.connect();
  t.is(server.peers.length, 2);
});

test("disconnect ends a wait and an attempt under way", async (t) => {
  const { session, peer } = await loggedIn(t, {}, { backOff: { initialMs: 3_600_000, random: () => 0 } });
  const away = once(session, "state", ({ state }) => state === "connecting");
  peer.cut();
  await away;
  await session.disconnect();
  t.is(session.state, "offline");
  peer.server.options.mute = true;
  const attempt = session.connect();
  await peer.server.accepted();
  await peer.server.accepted();
  const called = t.throwsAsync(attempt, { instanceOf: ConnectionError, message: /asked to disconnect/ });
  await session.disconnect();
  await called;
  t.is(session.state, "offline");
});

test("disconnect does not wait for a name service that does not answer", async (t) => {
  const session = new Session({
    jid: "alice@example.org",
    password: async () => "",
    resolver: { resolveSrv: () => new Promise(() => {}) },
  });
  const called = t.throwsAsync(session.connect(), {
    instanceOf: ConnectionError,
    message: /asked to disconnect/,
  });
  await session.disconnect();
  await called;
  const slow = new Session({
    jid: "alice@example.org",
    password: async () => "",
    resolver: { resolveSrv: () => new Promise(() => {}) },
    timeouts: { connectMs: 20 },
  });
  await t.throwsAsync(slow.connect(), { instanceOf: ConnectionError, message: /name service/ });
  await slow.disconnect();
});

test("connecting again right after disconnecting gives a session", async (t) => {
  const { session, server } = await loggedIn(t);
  const gone = session.disconnect();
  const back = session.connect();
  await gone;
  await back;
  t.is(session.state, "online");
  await server.online();
});

test("unreadable XML ends the session instead of being resumed into the same", async (t) => {
  const { session, server, peer } = await loggedIn(t);
  if (peer.session) Object.defineProperty(peer.session, "alive", { get: () => true, set: () => {} });
  const back = once(session, "online");
  peer.send("<message><body>&unknown;</body></message>");
  await server.online();
  t.deepEqual(await back, { resumed: false });
  t.regex(peer.transcript.join(""), /not-well-formed/);
});

test("states are told in order, with the error where there is one", async (t) => {
  const { session, server } = await prepared(t);
  const states: string[] = [];
  session.on("state", ({ state, error }) => states.push(error ? `${state}: ${error.type}` : state));
  await session.connect();
  const back = once(session, "online");
  (await server.online()).cut();
  await server.online();
  await back;
  await session.disconnect();
  t.deepEqual(states, ["connecting", "online", "connecting: connection", "online", "offline"]);
});

test("a login that fails later, after the password was changed, stops the retrying", async (t) => {
  const { session, server, peer } = await loggedIn(t, {}, { password: async () => "secret" });
  server.options.users.alice = "changed";
  const failed = once(session, "state", ({ state }) => state === "failed");
  peer.cut();
  t.true((await failed).error instanceof AuthenticationError);
});

test("a session is at its end after await using", async (t) => {
  const { session, server } = await prepared(t);
  {
    await using scoped = session;
    await scoped.connect();
    await scoped.sendTracked(message("1"));
  }
  t.is(session.state, "offline");
  const peer = await server.online();
  await peer.streamEnded;
  peer.send(messageFrom("too late"));
  t.is(session.stats.received, 0);
});
