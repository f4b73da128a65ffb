import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { startProsody } from "@larder/testing";
import test from "ava";
import { addAccount, addAgain, failure, startDaemon } from "./support.js";

const server = await startProsody();
test.after.always(() => server.stop());

test("a client that subscribes and never reads does not disturb another one", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const silent = connect(join(daemon.home, "larder.sock"));
  t.teardown(() => silent.destroy());
  await once(silent, "connect");
  silent.pause();
  silent.write('{"jsonrpc":"2.0","id":1,"method":"signals_subscribe","params":{"signals":["*"]}}\n');
  await client.call("signals_subscribe", { signals: ["message_new"] });
  const body = "x".repeat(100_000);
  for (let n = 0; n < 40; n++) {
    await client.call("message_send", { account: alice, to: alice, body: `${n} ${body}` });
    const told = await client.signal(({ signal, params }) => signal === "message_new" && params.message);
    t.true(told.bodies[0]?.text.startsWith(`${n} `));
  }
  t.is((await client.call("stats_get")).bridge.connections, 2, "and is not thrown out for it");
});

test("with a cursor first comes everything after it, once and in order, then what happens", async (t) => {
  const daemon = await startDaemon(t);
  const first = await daemon.connect();
  const alice = await addAccount(first, server, "alice");
  await first.call("account_disconnect", { account: alice });
  const send = (body: string) => first.call("message_send", { account: alice, to: "bob@larder.test", body });
  const { cursor: start } = await first.call("events_get");
  for (let n = 0; n < 250; n++) await send(`before ${n}`);
  const second = await daemon.connect();
  await second.call("signals_subscribe", { signals: ["message_new"], since: start });
  const sends = Promise.all(Array.from({ length: 20 }, (_, n) => send(`after ${n}`)));
  const seen: string[] = [];
  let last: string | undefined;
  while (seen.length < 270) {
    const params = await second.signal((event) => event.signal === "message_new" && event.params);
    seen.push(params.message.bodies[0]?.text ?? "");
    last = params.cursor;
  }
  await sends;
  t.deepEqual(
    seen.slice(0, 250),
    Array.from({ length: 250 }, (_, n) => `before ${n}`),
  );
  t.deepEqual(
    seen.slice(250),
    Array.from({ length: 20 }, (_, n) => `after ${n}`),
  );
  await second.call("signals_unsubscribe");

  t.is(await daemon.end("SIGKILL"), "SIGKILL");
  const again = await startDaemon(t, { home: daemon.home });
  const third = await again.connect();
  t.deepEqual((await third.call("events_get", { since: last })).events, [], "the log survives the daemon");
  const { events } = await third.call("events_get", { since: start, limit: 1000, signals: ["message_new"] });
  t.is(events.length, 270);
});

test("a cursor that nothing can be promised for is refused, and so is an unknown account's", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  for (const since of [
    "nonsense",
    "00000000-0",
    `${(await client.call("events_get")).cursor.slice(0, 8)}-99`,
  ]) {
    t.like(await failure(client.call("signals_subscribe", { signals: ["*"], since })), { type: "not_found" });
    t.like(await failure(client.call("events_get", { since })), { type: "not_found" });
  }
  t.like(await failure(client.call("roster_get", { account: "nobody@larder.test" })), { type: "not_found" });
  t.like(await failure(client.call("roster_get")), { type: "not_found" });
  const alice = await addAccount(client, server, "alice");
  t.deepEqual((await client.call("roster_get")).contacts, [], "one account alone need not be named");
  await addAccount(client, server, "bob");
  t.like(await failure(client.call("roster_get")), { code: -32602, path: "account" });
  t.deepEqual(
    (await client.call("roster_get", { account: alice.toUpperCase() })).contacts,
    [],
    "JIDs are normalised",
  );
});

test("connection_state tells how each account comes and goes", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  await client.call("signals_subscribe", { signals: ["connection_state"] });
  const alice = await addAccount(client, server, "alice");
  const next = () => client.signal(({ signal, params }) => signal === "connection_state" && params);
  t.like(await next(), { account: alice, state: "connecting" });
  t.like(await next(), { account: alice, state: "online" });
  await client.call("account_disconnect", { account: alice });
  t.like(await next(), { account: alice, state: "offline" });
});

test("a removed account's data is gone, or comes back with it where it was kept", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const { message } = await client.call("message_send", {
    account: alice,
    to: "bob@larder.test",
    body: "keep me",
  });
  t.like(await failure(client.call("account_add", { jid: alice, password: "x" })), { type: "conflict" });
  await client.call("account_remove", { account: alice, keepData: true });
  t.deepEqual((await client.call("account_list")).accounts, []);
  await addAgain(client, server, alice, "alice");
  const kept = () => client.call("message_get", { account: alice, uid: message.uid });
  t.is((await kept()).message.uid, message.uid);
  await client.call("account_remove", { account: alice });
  await addAgain(client, server, alice, "alice");
  // The server's archive may give it back, as another message: what was kept here is gone.
  t.like(await failure(kept()), { type: "not_found" });
});
