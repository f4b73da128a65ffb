import { type Session, type XmlElement, xml } from "@larder/core";
import { startProsody } from "@larder/testing";
import test from "ava";
import { enterRoom, until } from "./occupant.js";
import { openSession } from "./peer.js";
import { addAccount, failure, startDaemon, type TestClient } from "./support.js";

const server = await startProsody({ resumptionSeconds: 0 });
test.after.always(() => server.stop());

let count = 0;
const newRoom = () => `room${++count}@${server.rooms}`;

const occupant = (room: string, nick: string) => enterRoom(server, room, nick);

async function texts(client: TestClient, account: string, conversation: string): Promise<string[]> {
  const { messages } = await client.call("history_get", { account, conversation, limit: 1000 });
  return messages.map((message) => (message.retracted ? "(gone)" : (message.bodies[0]?.text ?? "")));
}

const said = (client: TestClient, body: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_new" && params.message.bodies[0]?.text === body && params.message,
  );
const sentState = (client: TestClient, uid: string) =>
  client.signal(
    ({ signal, params }) =>
      signal === "message_update" && params.message.uid === uid && params.message.stanzaId && params.message,
  );

test("what is said in a room is there once, our own with the room's id, and after a kill what was missed comes from the room's archive", async (t) => {
  const room = newRoom();
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await occupant(room, "bob");
  t.teardown(() => bob.session.disconnect());
  await client.call("signals_subscribe", { signals: ["message_new", "message_update"] });
  t.deepEqual(await client.call("muc_join", { account: alice, room, nick: "Älice" }), {
    room,
    nick: "Älice",
  });
  await bob.say("hello");
  const hello = await said(client, "hello");
  t.like(hello, { from: `${room}/bob`, conversation: room, direction: "in", type: "groupchat", nick: "bob" });
  t.truthy(hello.occupantId, "Prosody announces occupant ids");
  t.truthy(hello.stanzaId);
  const { message } = await client.call("message_send", {
    account: alice,
    to: room,
    body: "hi bob",
    replyTo: hello.uid,
  });
  t.like(message, { type: "groupchat", from: `${room}/Älice`, direction: "out" });
  const reflected = await sentState(client, message.uid);
  t.like(reflected, { state: "sent", direction: "out", replyTo: { uid: hello.uid, id: hello.stanzaId } });
  await daemon.end("SIGKILL");
  for (let n = 0; n < 5; n++) await bob.say(`missed ${n}`);

  const again = await startDaemon(t, { home: daemon.home });
  const second = await again.connect();
  await second.call("signals_subscribe", { signals: ["message_new"] });
  await second.call("account_connect", { account: alice });
  await said(second, "missed 4");
  await bob.say("there again?");
  await said(second, "there again?");
  const expected = [
    "hello",
    "hi bob",
    "missed 0",
    "missed 1",
    "missed 2",
    "missed 3",
    "missed 4",
    "there again?",
  ];
  t.deepEqual(await texts(second, alice, room), expected);
  const request = { account: alice, to: room, body: "bye", requestId: "bye" };
  const { message: bye } = await second.call("message_send", { ...request, wait: "sent" });
  await second.call("muc_leave", { account: alice, room });
  t.is((await second.call("message_send", request)).message.uid, bye.uid, "what was sent before is told");
  expected.push("bye");
  await bob.say("gone?");
  const [last] = (await second.call("history_get", { account: alice, conversation: room })).messages;
  const refused = { type: "not_acceptable" };
  t.like(
    await failure(second.call("message_send", { account: alice, to: room, body: "wait for me" })),
    refused,
  );
  t.like(
    await failure(second.call("message_send", { account: alice, to: `${room}/bob`, body: "you too" })),
    refused,
  );
  if (last)
    t.like(
      await failure(
        second.call("message_reactions_set", { account: alice, uid: last.uid, reactions: ["👋"] }),
      ),
      refused,
    );
  const own = { account: alice, uid: bye.uid };
  t.like(await failure(second.call("message_correct", { ...own, body: "farewell" })), refused);
  t.like(await failure(second.call("message_retract", own)), refused);
  t.deepEqual(await texts(second, alice, room), expected, "nothing waits for a room that was left");
  const { conversations } = await second.call("conversations_list", { account: alice });
  t.like(conversations, [{ conversation: room, type: "groupchat" }]);
});

test("a nick that somebody has is a conflict, and a room that is not there is told", async (t) => {
  const room = newRoom();
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await occupant(room, "bob");
  t.teardown(() => bob.session.disconnect());
  const conflict = await failure(client.call("muc_join", { account: alice, room, nick: "bob" }));
  t.like(conflict, { type: "conflict", condition: "conflict" });
  const nobody = await failure(
    client.call("muc_join", { account: alice, room: `x@nowhere.${server.domain}` }),
  );
  t.not(nobody.type, "internal");
  const wrong = await failure(client.call("muc_join", { account: alice, room, nick: "a\u0007b" }));
  t.is(wrong.path, "nick");
  t.like(await failure(client.call("muc_leave", { account: alice, room: newRoom() })), { type: "not_found" });
});

test("private messages of a room are conversations of their own, both ways", async (t) => {
  const room = newRoom();
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await occupant(room, "bob");
  t.teardown(() => bob.session.disconnect());
  await client.call("signals_subscribe", { signals: ["message_new"] });
  await client.call("muc_join", { account: alice, room, nick: "alice" });
  await bob.session.sendTracked(
    xml(
      "message",
      { to: `${room}/alice`, type: "chat", id: "p1" },
      xml("body", {}, "psst"),
      xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }),
    ),
  );
  const heard = await said(client, "psst");
  t.like(heard, { conversation: `${room}/bob`, from: `${room}/bob`, direction: "in", type: "chat" });
  const { message } = await client.call("message_send", {
    account: alice,
    to: `${room}/bob`,
    body: "what?",
    wait: "sent",
  });
  t.is(message.conversation, `${room}/bob`);
  t.deepEqual(await texts(client, alice, `${room}/bob`), ["psst", "what?"]);
  t.deepEqual(await texts(client, alice, room), []);
  await until(() =>
    bob.seen.some(
      (stanza) => stanza.getChildText("body") === "what?" && stanza.attrs.from === `${room}/alice`,
    ),
  );
});

test("a message of a room that we are not in is dropped", async (t) => {
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  await server.addUser("mallory", "mallory");
  const mallory: Session = await openSession(server, `mallory@${server.domain}`, "mallory");
  t.teardown(() => mallory.disconnect());
  await client.call("signals_subscribe", { signals: ["message_new"] });
  await mallory.sendTracked(
    xml("message", { to: alice, type: "groupchat", id: "f" }, xml("body", {}, "in a room?")),
  );
  await mallory.sendTracked(xml("message", { to: alice, type: "chat", id: "g" }, xml("body", {}, "really")));
  await said(client, "really");
  const { messages } = await client.call("history_get", { account: alice });
  t.is(messages.length, 1);
});

test("bookmarks with autojoin are joined, when they are set and at the next session, and left when they are taken away", async (t) => {
  const room = newRoom();
  const daemon = await startDaemon(t);
  const client = await daemon.connect();
  const alice = await addAccount(client, server, "alice");
  const bob = await occupant(room, "bob");
  const other = await openSession(server, alice, "alice");
  t.teardown(() => Promise.all([bob.session.disconnect(), other.disconnect()]));
  const came = (type: string | undefined) =>
    bob.seen.some((stanza) => stanza.attrs.from === `${room}/marked` && stanza.attrs.type === type);
  const publish = (child: XmlElement) =>
    other.request(
      xml("iq", { type: "set" }, xml("pubsub", { xmlns: "http://jabber.org/protocol/pubsub" }, child)),
    );
  await publish(
    xml(
      "publish",
      { node: "urn:xmpp:bookmarks:1" },
      xml(
        "item",
        { id: room },
        xml(
          "conference",
          { xmlns: "urn:xmpp:bookmarks:1", autojoin: "true", name: "The Room" },
          xml("nick", {}, "marked"),
        ),
      ),
    ),
  );
  await until(() => came(undefined));
  await client.call("account_disconnect", { account: alice });
  await until(() => came("unavailable"));
  bob.seen.length = 0;
  await client.call("account_connect", { account: alice });
  await until(() => came(undefined));
  bob.seen.length = 0;
  await publish(xml("retract", { node: "urn:xmpp:bookmarks:1", notify: "true" }, xml("item", { id: room })));
  await until(() => came("unavailable"));
  t.pass();
});
