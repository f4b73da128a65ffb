import { xml } from "@larder/core";
import { startEjabberd, startProsody } from "@larder/testing";
import test from "ava";
import { enterRoom } from "./occupant.js";
import { openSession } from "./peer.js";
import { SlixmppPeer } from "./slixmpp-peer.js";
import { addAccount, failure, startDaemon, type TestClient } from "./support.js";

const servers = {
  Prosody: await startProsody({ resumptionSeconds: 0 }),
  ejabberd: await startEjabberd({ resumptionSeconds: 0 }),
};
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

const FLOOD = process.env.LARDER_SOAK ? 10_000 : 2000;
let people = 0;
type Server = (typeof servers)[keyof typeof servers];

async function slixmpp(server: Server, user: string): Promise<SlixmppPeer> {
  await server.addUser(user, "slix");
  return SlixmppPeer.connect(server, `${user}@${server.domain}`, "slix");
}

const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );

for (const [name, server] of Object.entries(servers)) {
  test.serial(
    `${name}: carbons, archive results, corrections, retractions, moderation, room messages and markers that somebody else made up change nothing`,
    async (t) => {
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await slixmpp(server, `bob${++people}`);
      const mallory = await slixmpp(server, `mallory${people}`);
      t.teardown(() => Promise.all([bob.stop(), mallory.stop()]));
      const room = `room${people}@${server.rooms}`;
      const carol = await enterRoom(server, room, "carol");
      t.teardown(() => carol.session.disconnect());
      await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
      await client.call("muc_join", { account: alice, room, nick: "al" });
      await mallory.run({ do: "join", room, nick: "mal" });
      await bob.run({ do: "send", to: alice, body: "true words", id: "b1", origin: true });
      await said(client, "true words");
      await carol.say("room words");
      const inRoom = await said(client, "room words");
      const own = await client.call("message_send", {
        account: alice,
        to: bob.jid,
        body: "mine",
        wait: "sent",
      });
      await bob.until(({ body }) => body === "mine");
      await client.call("history_sync", { account: alice });
      await client.call("history_sync", { account: alice, conversation: room });
      const state = async () => {
        const { messages } = await client.call("history_get", { account: alice });
        return messages.map((message) => ({ ...message, state: undefined })); // receipts may still be on their way
      };
      const before = await state();
      t.is(before.length, 3);
      const { message } = await client.call("message_get", { uid: own.message.uid });

      const inner = (from: string, to: string, extra = "<body>forged</body>") =>
        `<message xmlns="jabber:client" from="${from}/x" to="${to}" type="chat" id="f1">${extra}</message>`;
      const forwarded = (inside: string) =>
        `<forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00Z"/>${inside}</forwarded>`;
      const to = (type: string, content: string, address = alice) =>
        `<message to="${address}" type="${type}" id="x${Math.random()}">${content}</message>`;
      const carbons = "urn:xmpp:carbons:2";
      const forged = [
        to("chat", `<received xmlns="${carbons}">${forwarded(inner(bob.jid, alice))}</received>`),
        to("chat", `<sent xmlns="${carbons}">${forwarded(inner(alice, bob.jid))}</sent>`),
        ...["", ' queryid="guessed"'].map((query) =>
          to(
            "normal",
            `<result xmlns="urn:xmpp:mam:2" id="r1"${query}>${forwarded(inner(bob.jid, alice))}</result>`,
          ),
        ),
        to("chat", `<retract xmlns="urn:xmpp:message-retract:1" id="b1"/><body>gone</body>`),
        to(
          "chat",
          `<apply-to xmlns="urn:xmpp:fasten:0" id="b1"><retract xmlns="urn:xmpp:message-retract:0"/></apply-to>`,
        ),
        to("chat", `<retract xmlns="urn:xmpp:message-retract:1" id="${message.originId}"/>`),
        to(
          "groupchat",
          `<retract xmlns="urn:xmpp:message-retract:1" id="${inRoom.stanzaId}"><moderated xmlns="urn:xmpp:message-moderate:1"/></retract>`,
          room,
        ),
        to(
          "groupchat",
          `<apply-to xmlns="urn:xmpp:fasten:0" id="${inRoom.stanzaId}"><moderated xmlns="urn:xmpp:message-moderate:0" by="${room}/carol"><retract xmlns="urn:xmpp:message-retract:0"/></moderated></apply-to>`,
          room,
        ),
        to("groupchat", "<body>not from a room</body>"),
        to("groupchat", "<subject>not from a room</subject>"),
        to("chat", `<received xmlns="urn:xmpp:receipts" id="${message.originId}"/>`),
        to("chat", `<displayed xmlns="urn:xmpp:chat-markers:0" id="${message.originId}"/>`),
        to(
          "error",
          `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`,
        ).replace(/id="[^"]*"/, `id="${message.originId}"`),
      ];
      for (const stanza of forged) await mallory.run({ do: "raw", xml: stanza });
      // A correction that names another's message is a message of its own, in the conversation of who sent it.
      await mallory.run({ do: "send", to: alice, body: "corrected by mallory", id: "m1", replaces: "b1" });
      const stray = await said(client, "corrected by mallory");
      t.is(stray.conversation, mallory.jid);
      // In a room one is dropped that names what somebody else has said.
      const toRoom = { do: "send", to: room, type: "groupchat" };
      await mallory.run({ ...toRoom, body: "forged", id: "m2", replaces: "room words-id" });
      await mallory.run({ ...toRoom, body: "in the room too", id: "m3" });
      t.like(await said(client, "in the room too"), { nick: "mal" });

      await client.call("history_sync", { account: alice });
      await client.call("history_sync", { account: alice, conversation: room });
      const ours = ({ conversation, nick }: { conversation: string; nick?: string }) =>
        conversation !== mallory.jid && nick !== "mal";
      t.deepEqual((await state()).filter(ours), before);
      const { messages } = await client.call("history_get", { account: alice, search: "forged" });
      t.deepEqual(messages, []);
      t.not((await client.call("message_get", { uid: message.uid })).message.state, "failed");
      t.true(((await client.call("stats_get")).network?.forged ?? 0) >= 4);
    },
  );

  test.serial(
    `${name}: ${FLOOD} messages in one breath are all there, once and in their order`,
    async (t) => {
      t.timeout(240_000);
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await slixmpp(server, `flood${++people}`);
      t.teardown(() => bob.stop());
      await client.call("signals_subscribe", { signals: ["message_new"] });
      await bob.run({ do: "flood", to: alice, word: "drop", count: FLOOD });
      await said(client, `drop ${FLOOD - 1}`);
      await client.call("history_sync", { account: alice });
      const all: string[] = [];
      for (let after = "1970-01-01T00:00:00.000Z"; ; ) {
        const page = await client.call("history_get", { account: alice, after, limit: 1000 });
        all.push(...page.messages.map(({ bodies }) => bodies[0]?.text ?? ""));
        if (page.complete) break;
        after = page.messages.at(-1)?.uid ?? after;
      }
      t.is(all.length, FLOOD);
      t.is(
        all.findIndex((body, at) => body !== `drop ${at}`),
        -1,
      );
      const { conversations } = await client.call("conversations_list", { account: alice });
      t.is(conversations[0]?.unread, FLOOD);
    },
  );

  test.serial(
    `${name}: names in any script are kept and found, a delay that the sender made up counts for nothing, and what XML forbids is refused before it goes out`,
    async (t) => {
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "алиса-");
      const bob = await slixmpp(server, `用户ümläut${++people}`);
      t.teardown(() => bob.stop());
      await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
      t.is(bob.jid, bob.jid.normalize("NFC"));
      const texts = [
        "Привет, мир",
        "早上好世界",
        "שלום ‏مرحبا",
        "e\u0301 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "ﷺ Ⅻ ﬁ",
        "  spaces \n and\tlines ",
      ];
      for (const [at, body] of texts.entries()) {
        await bob.run({ do: "send", to: alice, body, id: `s${at}` });
        t.is((await said(client, body)).conversation, bob.jid);
        await client.call("message_send", { account: alice, to: bob.jid, body: `${body}!`, wait: "sent" });
        await bob.until((event) => event.body === `${body}!`);
      }
      for (const [search, found] of [
        ["привет", 2],
        ["世界", 2],
        ["é", 2],
        ["شلوم", 0],
      ] as const) {
        const { messages } = await client.call("history_get", { account: alice, search });
        t.is(messages.length, found, search);
      }
      const now = Date.now();
      for (const stamp of ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "yesterday"]) {
        await bob.run({
          do: "raw",
          xml: `<message to="${alice}" type="chat" id="${stamp}"><body>${stamp}</body><delay xmlns="urn:xmpp:delay" from="${bob.jid}" stamp="${stamp}"/></message>`,
        });
        const { timestamp } = await said(client, stamp);
        t.true(Math.abs(Date.parse(timestamp) - now) < 600_000, `${stamp} became ${timestamp}`);
      }
      for (const body of ["a\0b", "a\uD800b", "a\u0001b", "a\uFFFEb"])
        t.like(
          await failure(client.call("message_send", { account: alice, to: bob.jid, body })),
          { code: -32602, path: "body" },
          JSON.stringify(body),
        );
      const { messages } = await client.call("history_get", { account: alice, conversation: bob.jid });
      t.is(messages.length, texts.length * 2 + 3);
      t.is(messages.filter(({ state }) => state === "failed" || state === "pending").length, 0);
    },
  );

  test.serial(
    `${name}: who is blocked gets nothing in, is neither kept nor told, and cannot be written to until let in again; a contact's name is the conversation's`,
    async (t) => {
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await slixmpp(server, `blocked${++people}`);
      t.teardown(() => bob.stop());
      const other = await openSession(server, alice, alice.replace(/\d.*/, ""));
      t.teardown(() => other.disconnect());
      await client.call("signals_subscribe", { signals: ["message_new"] });
      await other.request(
        xml(
          "iq",
          { type: "set" },
          xml("query", { xmlns: "jabber:iq:roster" }, xml("item", { jid: bob.jid, name: "Bob 🎩" })),
        ),
      );
      await bob.run({ do: "send", to: alice, body: "before", id: "1" });
      await said(client, "before");
      const block = (verb: string) =>
        other.request(
          xml(
            "iq",
            { type: "set" },
            xml(verb, { xmlns: "urn:xmpp:blocking" }, xml("item", { jid: bob.jid })),
          ),
        );
      await block("block");
      // The server has told the daemon before it answers what the daemon asks next.
      await client.call("history_sync", { account: alice });
      await bob.run({ do: "send", to: alice, body: "let me in", id: "2" });
      const refused = await failure(
        client.call("message_send", { account: alice, to: bob.jid, body: "hello?" }),
      );
      t.is(refused.type, "not_acceptable");
      t.regex(refused.message, /is blocked/);
      await client.call("account_disconnect", { account: alice });
      await client.call("account_connect", { account: alice });
      t.is(
        (await failure(client.call("message_send", { account: alice, to: bob.jid, body: "still?" }))).type,
        "not_acceptable",
      );
      await block("unblock");
      await bob.run({ do: "send", to: alice, body: "after", id: "3" });
      await said(client, "after");
      const sent = await client.call("message_send", {
        account: alice,
        to: bob.jid,
        body: "welcome",
        wait: "sent",
      });
      t.not(sent.message.state, "failed");
      await client.call("history_sync", { account: alice });
      const { messages } = await client.call("history_get", { account: alice });
      t.deepEqual(
        messages.map(({ bodies }) => bodies[0]?.text),
        ["before", "after", "welcome"],
      );
      t.like((await client.call("conversations_list", { account: alice })).conversations, [
        { name: "Bob 🎩" },
      ]);
    },
  );
}
