import { bridgeSignals, type Session, xml } from "@larder/core";
import { startEjabberd, startProsody } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { startDaemon } from "./support.js";

const servers = { Prosody: await startProsody(), ejabberd: await startEjabberd() };
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

const say = (peer: Session, to: string, body: string) =>
  peer.sendTracked(xml("message", { to, type: "chat", id: `${body}-id` }, xml("body", {}, body)));

for (const [name, server] of Object.entries(servers)) {
  test(`${name}: what comes between adding an account and its first presence is told, each message once, and what was there before is not`, async (t) => {
    await server.addUser("alice", "alice");
    await server.addUser("bob", "bob");
    const bob = await openSession(server, `bob@${server.domain}`, "bob");
    t.teardown(() => bob.disconnect());
    const alice = `alice@${server.domain}`;
    const before = ["old 1", "old 2"];
    // Alice has a client already, which takes what would wait offline else.
    const other = await openSession(server, alice, "alice");
    for (const body of before) await say(bob, alice, body);
    await other.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 1100)); // the account has to be younger than the archive's last second
    const daemon = await startDaemon(t);
    const client = await daemon.connect();
    await client.call("account_add", {
      jid: alice,
      password: "alice",
      service: server.service,
      caFile: server.caFile,
      autoConnect: false,
    });
    // More than the first page of an archive.
    const between = Array.from({ length: 130 }, (_, number) => `new ${number}`);
    await Promise.all(between.map((body) => say(bob, alice, body)));
    await client.call("signals_subscribe", { signals: ["message_new"] });
    await client.call("account_connect", { account: alice });
    await say(bob, alice, "live");
    await client.signal(({ params }) => "message" in params && params.message.bodies[0]?.text === "live");
    await client.call("history_sync", { account: alice });
    const { messages } = await client.call("history_get", { account: alice, limit: 1000 });
    t.deepEqual(
      messages.map(({ bodies }) => bodies[0]?.text),
      [...before, ...between, "live"],
    );
    const { events } = await client.call("events_get", { signals: ["message_new"], limit: 1000 });
    const told = events.map(({ params }) => bridgeSignals.message_new.parse(params).message.bodies[0]?.text);
    t.deepEqual(told.toSorted(), [...between, "live"].toSorted());
    const { conversations } = await client.call("conversations_list", { account: alice });
    t.is(conversations[0]?.unread, between.length + 1, "what is told is what counts as unread");
  });
}
