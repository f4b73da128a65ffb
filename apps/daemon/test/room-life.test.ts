import { type XmlElement, xml } from "@larder/core";
import { startEjabberd, startProsody } from "@larder/testing";
import test from "ava";
import { enterRoom, type TestOccupant, until } from "./occupant.js";
import { openSession } from "./peer.js";
import { addAccount, addAgain, failure, startDaemon, type TestClient } from "./support.js";

const NS_ADMIN = "http://jabber.org/protocol/muc#admin";
const NS_OWNER = "http://jabber.org/protocol/muc#owner";
const NS_PUBSUB = "http://jabber.org/protocol/pubsub";
const NS_BOOKMARKS = "urn:xmpp:bookmarks:1";

const servers = {
  Prosody: await startProsody({ resumptionSeconds: 0, moderation: true }),
  ejabberd: await startEjabberd({ resumptionSeconds: 0 }),
};
test.after.always(() => Promise.all(Object.values(servers).map((server) => server.stop())));

let count = 0;
const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );

const came = ({ seen }: TestOccupant, occupant: string, type?: string) =>
  seen.some(
    ({ name, attrs }) =>
      name === "presence" && attrs.from === occupant && (attrs.type ?? "") === (type ?? ""),
  );

/** What an admin of a room does to an occupant or a user (XEP-0045 §8, §9). */
const administer = (admin: TestOccupant, room: string, item: Record<string, string>, reason: string) =>
  admin.session.request(
    xml(
      "iq",
      { type: "set", to: room },
      xml("query", { xmlns: NS_ADMIN }, xml("item", item, xml("reason", {}, reason))),
    ),
  );

for (const [name, server] of Object.entries(servers)) {
  const newRoom = () => `life${++count}@${server.rooms}`;
  const bookmarkOf = async (
    session: { request(iq: XmlElement): Promise<XmlElement> },
    room: string,
  ): Promise<XmlElement | undefined> => {
    const answer = await session.request(
      xml(
        "iq",
        { type: "get" },
        xml("pubsub", { xmlns: NS_PUBSUB }, xml("items", { node: NS_BOOKMARKS }, xml("item", { id: room }))),
      ),
    );
    const items = answer.getChild("pubsub")?.getChild("items")?.getChildren("item") ?? [];
    return items.find(({ attrs }) => attrs.id === room)?.getChild("conference", NS_BOOKMARKS);
  };

  test.serial(
    `${name}: a room that is joined is bookmarked with autojoin, so that every daemon of the account is in it, and one that is left is not; what others keep in the bookmark stays`,
    async (t) => {
      const room = newRoom();
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await enterRoom(server, room, "bob");
      const other = await openSession(server, alice, "alice");
      t.teardown(() => Promise.all([bob.session.disconnect(), other.disconnect()]));
      await client.call("muc_join", { account: alice, room, nick: "one" });
      const first = await bookmarkOf(other, room);
      t.like(first?.attrs, { autojoin: "true" });
      t.is(first?.getChildText("nick"), "one");
      const extensions = '<extensions><mark xmlns="urn:example:mark"><a b="c">d</a></mark></extensions>';
      await other.request(
        xml(
          "iq",
          { type: "set" },
          xml(
            "pubsub",
            { xmlns: NS_PUBSUB },
            xml(
              "publish",
              { node: NS_BOOKMARKS },
              xml(
                "item",
                { id: room },
                xml(
                  "conference",
                  { xmlns: NS_BOOKMARKS, autojoin: "false", name: "Tea" },
                  xml("nick", {}, "one"),
                  xml("password", {}, "kept"),
                  xml(
                    "extensions",
                    {},
                    xml("mark", { xmlns: "urn:example:mark" }, xml("a", { b: "c" }, "d")),
                  ),
                ),
              ),
            ),
          ),
        ),
      );
      await until(() => came(bob, `${room}/one`, "unavailable")); // another device has taken autojoin away
      bob.seen.length = 0;
      await client.call("muc_join", { account: alice, room });
      const kept = await bookmarkOf(other, room);
      t.like(kept?.attrs, { autojoin: "true", name: "Tea" });
      t.is(kept?.getChildText("password"), "kept");
      t.is(
        kept
          ?.getChild("extensions")
          ?.toString()
          .replace(/ xmlns="urn:xmpp:bookmarks:1"/, ""),
        extensions,
      );

      await daemon.end("SIGTERM");
      bob.seen.length = 0;
      const elsewhere = await (await startDaemon(t)).connect();
      await addAgain(elsewhere, server, alice, "alice");
      await until(() => came(bob, `${room}/one`));
      await elsewhere.call("muc_leave", { account: alice, room });
      t.like((await bookmarkOf(other, room))?.attrs, { autojoin: "false", name: "Tea" });
      await elsewhere.call("muc_join", { account: alice, room });
      await elsewhere.call("signals_subscribe", { signals: ["message_new"] });
      await bob.say("still there after leaving and joining at once?");
      await said(elsewhere, "still there after leaving and joining at once?");
    },
  );

  test.serial(`${name}: a room with a password lets us in with it alone, also after a kill`, async (t) => {
    const room = newRoom();
    const daemon = await startDaemon(t);
    const client = await daemon.connect();
    const alice = await addAccount(client, server, "alice");
    const bob = await enterRoom(server, room, "bob");
    t.teardown(() => bob.session.disconnect());
    const field = (key: string, value: string) => xml("field", { var: key }, xml("value", {}, value));
    await bob.session.request(
      xml(
        "iq",
        { type: "set", to: room },
        xml(
          "query",
          { xmlns: NS_OWNER },
          xml(
            "x",
            { xmlns: "jabber:x:data", type: "submit" },
            field("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"),
            field("muc#roomconfig_passwordprotectedroom", "1"),
            field("muc#roomconfig_roomsecret", "sesame 🗝"),
          ),
        ),
      ),
    );
    for (const password of [undefined, "wrong"])
      t.like(await failure(client.call("muc_join", { account: alice, room, nick: "al", password })), {
        type: "forbidden",
        condition: "not-authorized",
      });
    t.like(await client.call("muc_join", { account: alice, room, nick: "al", password: "sesame 🗝" }), {
      nick: "al",
    });
    await daemon.end("SIGKILL");
    await until(() => came(bob, `${room}/al`, "unavailable"));
    bob.seen.length = 0;
    const again = await startDaemon(t, { home: daemon.home });
    await (await again.connect()).call("account_connect", { account: alice });
    await until(() => came(bob, `${room}/al`));
    t.pass();
  });

  test.serial(
    `${name}: who is kicked stays out until joining again, nothing can be said meanwhile, and who is banned is told so`,
    async (t) => {
      const room = newRoom();
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await enterRoom(server, room, "bob");
      t.teardown(() => bob.session.disconnect());
      await client.call("signals_subscribe", { signals: ["message_new", "muc_state"] });
      await client.call("muc_join", { account: alice, room, nick: "al" });
      await administer(bob, room, { nick: "al", role: "none" }, "that will do");
      await until(() => came(bob, `${room}/al`, "unavailable"));
      bob.seen.length = 0;
      await bob.say("while you were out");
      await client.signal(({ signal, params }) => signal === "muc_state" && params.state === "removed");
      const send = { account: alice, to: room, body: "I was here" };
      t.like(await failure(client.call("message_send", send)), { type: "not_acceptable" });
      await new Promise((resolve) => setTimeout(resolve, 6000)); // longer than it takes to come back by itself
      t.false(came(bob, `${room}/al`), "nobody comes back by themselves after a kick");
      await client.call("muc_join", { account: alice, room });
      await said(client, "while you were out");
      await client.call("message_send", send);
      await until(() => bob.seen.some((stanza) => stanza.getChildText("body") === "I was here"));

      await administer(bob, room, { jid: alice, affiliation: "outcast" }, "no more");
      await client.signal(({ signal, params }) => signal === "muc_state" && params.state === "removed");
      t.like(await failure(client.call("muc_join", { account: alice, room })), { type: "forbidden" });
    },
  );

  test.serial(
    `${name}: who changes the nick is the same person where the room says so, and our own new nick is ours`,
    async (t) => {
      const room = newRoom();
      const daemon = await startDaemon(t);
      const client = await daemon.connect();
      const alice = await addAccount(client, server, "alice");
      const bob = await enterRoom(server, room, "bob");
      t.teardown(() => bob.session.disconnect());
      await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
      await client.call("muc_join", { account: alice, room, nick: "алиса" });
      await bob.say("befoer");
      const before = await said(client, "befoer");
      await bob.session.send(xml("presence", { to: `${room}/Боб Б.` }));
      await until(() => came(bob, `${room}/Боб Б.`));
      await bob.say("before", xml("replace", { xmlns: "urn:xmpp:message-correct:0", id: "befoer-id" }));
      await bob.say("after");
      t.like(await said(client, "after"), { nick: "Боб Б.", from: `${room}/Боб Б.` });
      const { message } = await client.call("message_get", { account: alice, uid: before.uid });
      // Without occupant ids (ejabberd 23.01) nobody can tell whether it is the same person.
      t.is(message.bodies[0]?.text, before.occupantId === undefined ? "befoer" : "before");

      t.deepEqual(await client.call("muc_join", { account: alice, room, nick: "Алиса" }), {
        room,
        nick: "Алиса",
      });
      const own = await client.call("message_send", { account: alice, to: room, body: "mine", wait: "sent" });
      await until(() => bob.seen.some((stanza) => stanza.getChildText("body") === "mine"));
      await bob.say("last");
      await said(client, "last");
      await client.call("history_sync", { account: alice, conversation: room });
      const { messages } = await client.call("history_get", {
        account: alice,
        conversation: room,
        from: `${room}/Алиса`,
      });
      t.like(messages, [{ uid: own.message.uid, direction: "out", from: `${room}/Алиса` }]);
      t.is(messages.length, 1);
    },
  );
}

test.serial(
  "Prosody: a moderator takes another's message back for everybody, and its text is gone here too",
  async (t) => {
    const server = servers.Prosody;
    const room = `moderated@${server.rooms}`;
    const daemon = await startDaemon(t);
    const client = await daemon.connect();
    const alice = await addAccount(client, server, "alice");
    const carol = await addAccount(client, server, "carol");
    await client.call("muc_join", { account: alice, room, nick: "alice" }); // who comes first owns it
    await client.call("muc_join", { account: carol, room, nick: "carol" });
    const bob = await enterRoom(server, room, "bob");
    t.teardown(() => bob.session.disconnect());
    await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
    await bob.say("unspeakable things");
    const uids: string[] = [];
    for (const account of [alice, carol])
      uids.push(
        await client.signal(
          ({ signal, params }) =>
            signal === "message_new" && params.message.account === account && params.message.uid,
        ),
      );
    t.like(await failure(client.call("message_retract", { account: carol, uid: uids[1] ?? "" })), {
      type: "forbidden",
    });
    await client.call("message_retract", { account: alice, uid: uids[0] ?? "", reason: "manners" });
    for (const uid of uids) {
      const gone = await client.signal(
        ({ signal, params }) =>
          signal === "message_update" &&
          params.update === "retraction" &&
          params.message.uid === uid &&
          params.message,
      );
      t.truthy(gone.retracted);
      t.deepEqual(gone.bodies, []);
    }
    t.deepEqual((await client.call("history_get", { account: alice, search: "unspeakable" })).messages, []);
    for (const account of [alice, carol]) await client.call("history_sync", { account, conversation: room });
    const { messages } = await client.call("history_get", { conversation: room, account: carol });
    t.deepEqual(
      messages.map(({ retracted, bodies }) => [retracted !== undefined, bodies.length]),
      [[true, 0]],
    );
  },
);
