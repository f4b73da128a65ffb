import { type Session, xml } from "@larder/core";
import { startProsody } from "@larder/testing";
import test from "ava";
import { openSession } from "./peer.js";
import { addAccount, addAgain, startDaemon, type TestClient } from "./support.js";

const server = await startProsody({ resumptionSeconds: 0 });
test.after.always(() => server.stop());

const text = (peer: Session, to: string, body: string) =>
  peer.sendTracked(
    xml(
      "message",
      { to, type: "chat", id: `${body}-id` },
      xml("body", {}, body),
      xml("origin-id", { xmlns: "urn:xmpp:sid:0", id: `${body}-id` }),
    ),
  );

async function bodies(client: TestClient, account: string, conversation: string): Promise<string[]> {
  const { messages } = await client.call("history_get", { account, conversation, limit: 1000 });
  return messages.map((message) => message.bodies[0]?.text ?? "");
}

let people = 0;
async function peer(name: string) {
  const user = `${name}-${++people}`;
  await server.addUser(user, name);
  return openSession(server, `${user}@${server.domain}`, name);
}

const numbered = (from: number, to: number, word = "m") =>
  Array.from({ length: to - from }, (_, index) => `${word}${from + index}`);

test("what was said while the daemon was killed is there after its next start, once and in the archive's order", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await peer("bob");
  t.teardown(() => bob.disconnect());
  await client.call("signals_subscribe", { signals: ["message_new"] });
  await text(bob, alice, "live");
  await client.signal(({ params }) => "message" in params && params.message.bodies[0]?.text === "live");
  await daemon.end("SIGKILL");
  const missed = numbered(0, 40);
  for (const body of missed) await text(bob, alice, body);

  const again = await startDaemon(t, { home: daemon.home });
  const second = await again.connect();
  await second.call("signals_subscribe", { signals: ["message_new"] });
  await second.call("account_connect", { account: alice });
  await text(bob, alice, "after");
  await second.signal(({ params }) => "message" in params && params.message.bodies[0]?.text === "after");
  const { complete } = await second.call("history_sync", { account: alice });
  t.true(complete);
  t.deepEqual(await bodies(second, alice, bob.account), ["live", ...missed, "after"]);
  const { received } = await second.call("history_sync", { account: alice });
  t.is(received, 0, "reading again finds nothing new");
  const { conversations } = await second.call("conversations_list", { account: alice });
  t.like(conversations, [{ conversation: bob.account, unread: 42, type: "chat" }]);
});

test("a live message that arrives before the archive is read hides nothing of what was missed, page after page", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await peer("bob");
  t.teardown(() => bob.disconnect());
  await text(bob, alice, "first");
  await client.call("history_sync", { account: alice });
  await client.call("account_disconnect", { account: alice });
  const missed = numbered(0, 450);
  await Promise.all(missed.map((body) => text(bob, alice, body)));
  const connecting = client.call("account_connect", { account: alice });
  const during = numbered(0, 20, "during");
  await Promise.all(during.map((body) => text(bob, alice, body)));
  await connecting;
  await client.call("history_sync", { account: alice });
  t.deepEqual(await bodies(client, alice, bob.account), ["first", ...missed, ...during]);
});

test("the first start reads an archive newest first, silently, as far as the setting says, and counts it as read", async (t) => {
  const bob = await peer("bob");
  t.teardown(() => bob.disconnect());
  await server.addUser("old-account", "alice");
  const jid = `old-account@${server.domain}`;
  const said = numbered(0, 320);
  await Promise.all(said.map((body) => text(bob, jid, body)));
  await new Promise((resolve) => setTimeout(resolve, 1100)); // the account has to be younger than the archive's last second
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  await addAgain(client, server, jid, "alice");
  await client.call("history_sync", { account: jid });
  t.deepEqual(await bodies(client, jid, bob.account), said);
  const { events } = await client.call("events_get", { signals: ["message_new"] });
  t.is(events.length, 0);
  const { conversations } = await client.call("conversations_list", {});
  t.like(conversations, [{ unread: 0, last: { bodies: [{ text: "m319" }] } }]);
});

test("our own messages learn the archive's id, and those of other devices are there, whether they came by carbon or from the archive", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await peer("bob");
  const other = await openSession(server, alice, "alice");
  t.teardown(() => Promise.all([bob.disconnect(), other.disconnect()]));
  await client.call("signals_subscribe", { signals: ["message_new"] });
  await client.call("message_send", {
    account: alice,
    to: bob.account,
    body: "from the daemon",
    wait: "sent",
  });
  await text(other, bob.account, "by carbon");
  await client.signal(({ params }) => "message" in params && params.message.bodies[0]?.text === "by carbon");
  await client.call("account_disconnect", { account: alice });
  await text(other, bob.account, "from the archive");
  await client.call("account_connect", { account: alice });
  await client.call("history_sync", { account: alice });
  const { messages } = await client.call("history_get", { account: alice, conversation: bob.account });
  t.deepEqual(
    messages.map(({ bodies: [body], direction, state }) => [body?.text, direction, state]),
    [
      ["from the daemon", "out", "sent"],
      ["by carbon", "out", "sent"],
      ["from the archive", "out", "sent"],
    ],
  );
  t.is(new Set(messages.map(({ stanzaId }) => stanzaId)).size, 3);
  t.false(messages.some(({ stanzaId }) => stanzaId === undefined));
});

test("an archive result that nobody asked for changes nothing", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const mallory = await peer("mallory");
  t.teardown(() => mallory.disconnect());
  await client.call("signals_subscribe", { signals: ["message_new"] });
  for (const attrs of [{}, { queryid: "guessed" }])
    await mallory.sendTracked(
      xml(
        "message",
        { to: alice },
        xml(
          "result",
          { xmlns: "urn:xmpp:mam:2", id: "forged", ...attrs },
          xml(
            "forwarded",
            { xmlns: "urn:xmpp:forward:0" },
            xml("delay", { xmlns: "urn:xmpp:delay", stamp: "2020-01-01T00:00:00Z" }),
            xml(
              "message",
              { xmlns: "jabber:client", from: `boss@${server.domain}/x`, to: alice, type: "chat" },
              xml("body", {}, "you are fired"),
            ),
          ),
        ),
      ),
    );
  await text(mallory, alice, "real");
  await client.signal(({ params }) => "message" in params && params.message.bodies[0]?.text === "real");
  const { messages } = await client.call("history_get", { account: alice });
  t.deepEqual(
    messages.map(({ bodies: [body] }) => body?.text),
    ["real"],
  );
  t.is((await client.call("stats_get")).network?.forged, 2);
});
