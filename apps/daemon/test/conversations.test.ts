import { type Session, type XmlElement, xml } from "@larder/core";
import { startEjabberd, startProsody, type XmppServer } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { SlixmppPeer } from "./slixmpp-peer.js";
import { addAccount, addAgain, failure, startDaemon, type TestClient } from "./support.js";

const servers: Record<string, Promise<XmppServer>> = {};
const serverOf = (name: string): Promise<XmppServer> => {
  servers[name] ??=
    name === "Prosody" ? startProsody({ resumptionSeconds: 0 }) : startEjabberd({ resumptionSeconds: 0 });
  return servers[name];
};
test.after.always(async () => {
  for (const server of Object.values(servers)) await (await server).stop();
});

let people = 0;

const update = (client: TestClient, uid: string, state: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_update" &&
      params.message.uid === uid &&
      params.message.state === state &&
      params.message,
  );
const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );

for (const name of ["Prosody", "ejabberd"]) {
  test.serial(
    `${name}: a client of another make sees our correction and retraction, and we see its own`,
    async (t) => {
      const server = await serverOf(name);
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const user = `slix${++people}`;
      await server.addUser(user, "slix");
      const bob = await SlixmppPeer.connect(server, `${user}@${server.domain}`, "slix");
      t.teardown(() => bob.stop());
      await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
      const { message } = await client.call("message_send", {
        account: alice,
        to: bob.jid,
        body: "teh",
        wait: "sent",
      });
      const first = await bob.until(({ body }) => body === "teh");
      const corrected = await client.call("message_correct", { uid: message.uid, body: "the" });
      t.like(corrected.message, { uid: message.uid, bodies: [{ text: "the" }] });
      t.truthy(corrected.message.edited);
      t.is((await bob.until(({ body }) => body === "the")).replaces, first.id);
      await client.call("message_retract", { uid: message.uid });
      t.is((await bob.until(({ event }) => event === "retraction")).id, first.origin);

      await bob.run({ do: "send", to: alice, body: "wrogn", id: "s1", origin: true });
      const theirs = await said(client, "wrogn");
      await bob.run({ do: "send", to: alice, body: "right", id: "s2", origin: true, replaces: "s1" });
      const fixed = await client.signal(
        ({ signal, params }) =>
          signal === "message_update" &&
          params.update === "correction" &&
          params.message.uid === theirs.uid &&
          params.message,
      );
      t.is(fixed.bodies[0]?.text, "right");
      await bob.run({ do: "retract", to: alice, id: "s1" });
      const gone = await client.signal(
        ({ signal, params }) =>
          signal === "message_update" &&
          params.update === "retraction" &&
          params.message.uid === theirs.uid &&
          params.message,
      );
      t.deepEqual(gone.bodies, []);
      t.like(await failure(client.call("message_correct", { uid: theirs.uid, body: "x" })), {
        type: "forbidden",
      });
      await client.call("history_sync", { account: alice });
      const { messages } = await client.call("history_get", { account: alice, conversation: bob.jid });
      t.deepEqual(
        messages.map(({ retracted, bodies }) => [retracted !== undefined, bodies.length]),
        [
          [true, 0],
          [true, 0],
        ],
        "the archive does not bring them back",
      );
    },
  );

  test.serial(
    `${name}: what was displayed on one daemon is displayed on another, and its sender is told where it asks`,
    async (t) => {
      const server = await serverOf(name);
      const [one, two] = [await startDaemon(t), await startDaemon(t)];
      const [first, second] = [await one.connect(), await two.connect()];
      const alice = await addAccount(first, server, "alice");
      await addAgain(second, server, alice, "alice");
      const user = `slix${++people}`;
      await server.addUser(user, "slix");
      const bob = await SlixmppPeer.connect(server, `${user}@${server.domain}`, "slix");
      t.teardown(() => bob.stop());
      for (const client of [first, second])
        await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
      for (const id of ["a", "b", "c"])
        await bob.run({ do: "send", to: alice, body: id, id, origin: true, markable: true });
      await said(first, "c");
      await said(second, "c");
      await first.call("history_sync", { account: alice });
      const { messages } = await first.call("history_get", { account: alice, conversation: bob.jid });
      const unread = async (client: TestClient) =>
        (await client.call("conversations_list", { account: alice })).conversations[0]?.unread;
      t.is(await unread(second), 3);
      await first.call("message_mark_displayed", { uid: messages[1]?.uid ?? "" });
      t.is(await unread(first), 1);
      t.is((await bob.until(({ event }) => event === "displayed")).id, "b");
      while ((await unread(second)) !== 1); // no signal tells of it
      const { message } = await first.call("message_send", {
        account: alice,
        to: bob.jid,
        body: "seen",
        wait: "sent",
      });
      t.is(await unread(first), 0, "who answers has seen what was said before");
      const heard = await bob.until(({ body }) => body === "seen");
      await bob.run({ do: "displayed", to: alice, id: heard.id });
      await update(first, message.uid, "displayed");
    },
  );
}

test.serial(
  "messages of 256 KB and in any script are kept as they are, and characters that XML forbids are refused",
  async (t) => {
    const server = await serverOf("Prosody");
    const daemon = await startDaemon(t);
    const client = await daemon.connect();
    const alice = await addAccount(client, server, "alice");
    const bob = await addAccount(client, server, "böb-日本");
    await client.call("signals_subscribe", { signals: ["message_new"], accounts: [bob] });
    const texts = ["x".repeat(256 * 1024), "שלום ‏مرحبا 你好 👩‍👩‍👧‍👦 e\u0301", "a\tb\nc ]]> <&> \u{10FFFD}"];
    for (const body of texts) {
      await client.call("message_send", { account: alice, to: bob, body });
      t.is((await said(client, body)).bodies[0]?.text, body);
    }
    const refused = await failure(
      client.call("message_send", { account: alice, to: bob, body: "bell \u0007" }),
    );
    t.like(refused, { code: -32602, path: "body" });
    await client.call("history_sync", { account: bob });
    const { messages } = await client.call("history_get", { account: bob, conversation: alice });
    t.deepEqual(
      messages.map(({ bodies }) => bodies[0]?.text),
      texts,
    );
  },
);

for (const [name, start] of Object.entries({ Prosody: startProsody, ejabberd: startEjabberd }))
  test.serial(
    `${name}: without an archive, what the server believes delivered is in the database after a SIGKILL; the rest comes back to its sender, or later`,
    async (t) => {
      await using server = await start({ mam: false, resumptionSeconds: 2, users: { bob: "bob" } });
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob: Session = await openSession(server, `bob@${server.domain}`, "bob");
      t.teardown(() => bob.disconnect());
      const bounced = new Set<string>();
      const errors: XmlElement[] = [];
      bob.onStanza((stanza) => {
        if (stanza.name !== "message" || stanza.attrs.type !== "error") return;
        errors.push(stanza);
        bounced.add(stanza.attrs.id ?? "");
      });
      const send = (n: number) =>
        bob.sendTracked(xml("message", { to: alice, type: "chat", id: `n${n}` }, xml("body", {}, `n${n}`)));
      const sends = Array.from({ length: 300 }, (_, n) => send(n));
      await Promise.all(sends.slice(0, 150));
      await daemon.end("SIGKILL");
      await Promise.all(sends);
      const again = await startDaemon(t, { home: daemon.home });
      const second = await again.connect();
      await second.call("account_connect", { account: alice });
      let have = new Set<string>();
      const missing = () =>
        Array.from({ length: 300 }, (_, n) => `n${n}`).filter((id) => !have.has(id) && !bounced.has(id));
      do {
        const { messages } = await second.call("history_get", { account: alice, limit: 1000 });
        t.is(new Set(messages.map(({ bodies }) => bodies[0]?.text)).size, messages.length, "none twice");
        have = new Set(messages.map(({ bodies }) => bodies[0]?.text ?? ""));
      } while (missing().length > 0); // the former session ends after two seconds
      t.pass();
    },
  );
