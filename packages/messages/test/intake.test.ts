import { asStorageFailure } from "@larder/core";
import { MessageSender } from "@larder/messages";
import test from "ava";
import {
  alice,
  archived,
  chat,
  digestKey,
  groupchat,
  occ,
  origin,
  room,
  type World,
  world,
} from "./support.js";

test("a message is kept with what its stanza says, and told in the same commit", async (t) => {
  const w = await world(t);
  const extra = `<thread>th</thread><reply xmlns="urn:xmpp:reply:0" id="r1"/>${origin("o1")}${archived("s1")}`;
  t.true(await w.take(chat("hi", 'id="w1"', extra)));
  const [message] = await w.history();
  t.like(message, {
    direction: "in",
    conversation: "bob@larder.test",
    sender: "bob@larder.test",
    from: "bob@larder.test/phone",
    to: alice,
    wireId: "w1",
    originId: "o1",
    stanzaId: "s1",
    stanzaIdBy: alice,
    thread: "th",
    replyToId: "r1",
    delayed: false,
    state: undefined,
  });
  t.true(message?.raw?.includes("<body>hi</body>"));
  t.deepEqual(await w.told(), ["message_new"]);
});

test("the same stanza-id is one message, also where the second copy lacks the origin-id", async (t) => {
  const w = await world(t);
  await w.take(chat("a", "", origin("o") + archived("s")));
  await w.take(chat("a", "", archived("s")));
  t.is((await w.history()).length, 1);
  t.deepEqual(await w.told(), ["message_new"]);
});

test("the same origin-id of the same sender is one message, which learns the archive's id", async (t) => {
  const w = await world(t);
  await w.take(chat("a", "", origin("o")));
  await w.take(chat("a", "", origin("o") + archived("s")));
  const history = await w.history();
  t.is(history.length, 1);
  t.is(history[0]?.stanzaId, "s");
});

test("copies that arrive at once are one message", async (t) => {
  const w = await world(t);
  await Promise.all(Array.from({ length: 5 }, () => w.take(chat("a", "", origin("o")))));
  t.is((await w.history()).length, 1);
});

test("two ids of the archive are two messages, whatever their origin-id", async (t) => {
  const w = await world(t);
  await w.take(chat("a", "", origin("o") + archived("s1")));
  await w.take(chat("b", "", origin("o") + archived("s2")));
  t.is((await w.history()).length, 2);
});

test("messages without ids are all kept", async (t) => {
  const w = await world(t);
  await w.take(chat("a"));
  await w.take(chat("a"));
  t.is((await w.history()).length, 2);
});

test("an origin-id that somebody else used swallows nothing", async (t) => {
  const w = await world(t);
  await w.take(chat("real", "", origin("o")));
  await w.take(chat("other", "", origin("o"), "mallory@evil.test/x"));
  t.deepEqual(
    (await w.history()).map(({ sender }) => sender),
    ["bob@larder.test", "mallory@evil.test"],
  );
});

test("a stanza-id that the sender made up swallows nothing", async (t) => {
  const w = await world(t);
  await w.take(chat("real", "", archived("s1")));
  await w.take(chat("a", "", archived("s1", "mallory@evil.test"), "mallory@evil.test/x"));
  await w.take(chat("b", "", archived("s1", `${alice}/phone`), "mallory@evil.test/x"));
  t.is((await w.history()).length, 3);
});

test("what asks not to be stored is not, and neither is what has nothing to keep", async (t) => {
  const w = await world(t);
  t.false(await w.take(chat("a", "", '<no-store xmlns="urn:xmpp:hints"/>')));
  t.false(await w.take(chat("a", "", '<no-permanent-store xmlns="urn:xmpp:hints"/>')));
  t.true(await w.take(chat("a", "", '<no-copy xmlns="urn:xmpp:hints"/>')));
  t.false(
    await w.take(
      `<message xmlns="jabber:client" from="bob@larder.test" to="${alice}" type="chat"><active xmlns="http://jabber.org/protocol/chatstates"/></message>`,
    ),
  );
  t.is((await w.history()).length, 1);
});

test("encrypted content is kept and marked, and its fallback text is not found", async (t) => {
  const w = await world(t);
  await w.take(
    chat(
      "fallbackword",
      "",
      '<encryption xmlns="urn:xmpp:eme:0" namespace="urn:xmpp:omemo:2" name="OMEMO"/>',
    ),
  );
  await w.take(
    `<message xmlns="jabber:client" from="bob@larder.test" to="${alice}"><encrypted xmlns="eu.siacs.conversations.axolotl"/></message>`,
  );
  t.deepEqual(
    (await w.history()).map(({ encrypted }) => encrypted),
    ["urn:xmpp:omemo:2", "eu.siacs.conversations.axolotl"],
  );
  const found = await w.store.messages.history({ limit: 10, search: "fallbackword" });
  t.deepEqual(found.messages, []);
});

test("a delayed message stands where our server says it belongs", async (t) => {
  const w = await world(t);
  await w.take(chat("now"));
  await w.take(
    chat("earlier", "", '<delay xmlns="urn:xmpp:delay" from="larder.test" stamp="2020-01-01T00:00:00Z"/>'),
  );
  const history = await w.history();
  t.deepEqual(
    history.map(({ bodies }) => bodies[0]?.text),
    ["earlier", "now"],
  );
  t.true(history[0]?.delayed);
});

test("a type that nobody knows is normal (RFC 6121 §5.2.2)", async (t) => {
  const w = await world(t);
  await w.take(chat("a").replace('type="chat"', 'type="novel"'));
  t.is((await w.history())[0]?.type, "normal");
});

test("a message that another client of ours sent is outgoing and sent", async (t) => {
  const w = await world(t);
  const inner = `<message xmlns="jabber:client" from="${alice}/web" to="bob@larder.test" type="chat"><body>x</body></message>`;
  await w.take(
    `<message xmlns="jabber:client" from="${alice}" to="${alice}/home"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></sent></message>`,
  );
  t.like((await w.history())[0], { direction: "out", state: "sent", conversation: "bob@larder.test" });
});

const bounce = (from: string, id: string) =>
  `<message xmlns="jabber:client" from="${from}" to="${alice}" type="error" id="${id}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;

test("an error from the other party fails the message, and is told", async (t) => {
  const w = await world(t);
  await w.take(chat("x", 'id="w1"', "", `${alice}/web`).replace(`to="${alice}"`, 'to="bob@larder.test"'));
  t.true(await w.take(bounce("bob@larder.test", "w1")));
  t.like((await w.history())[0], {
    state: "failed",
    error: { type: "unsupported", condition: "service-unavailable" },
  });
  t.deepEqual(await w.told(), ["message_new", "message_update error"]);
  for (let reading = 0; reading < 3; reading++)
    await w.takePage([["s9", new Date().toISOString(), bounce("bob@larder.test", "w1")]]);
  t.deepEqual(
    await w.told(),
    ["message_new", "message_update error"],
    "archives keep errors: it is told once",
  );
});

test("an empty body is no message, and nothing is unread", async (t) => {
  const w = await world(t);
  await w.take(chat("", 'id="1"'));
  await w.take(chat("", 'id="2"', '<body xml:lang="de"/>'));
  t.is((await w.history()).length, 0);
  await w.take(chat("", 'id="3"', '<x xmlns="jabber:x:oob"><url>https://example.org/a</url></x>'));
  t.is((await w.store.conversations.get(w.account.id, "bob@larder.test"))?.unread, 1, "a file is");
});

test("what has arrived stays so, though another session of theirs returns it", async (t) => {
  const w = await world(t);
  await w.take(chat("x", 'id="w1"', "", `${alice}/web`).replace(`to="${alice}"`, 'to="bob@larder.test"'));
  await w.take(
    `<message xmlns="jabber:client" from="bob@larder.test/phone" to="${alice}"><received xmlns="urn:xmpp:receipts" id="w1"/></message>`,
  );
  t.true(await w.take(bounce("bob@larder.test/tablet", "w1")));
  t.is((await w.history())[0]?.state, "delivered");
  t.deepEqual(await w.told(), ["message_new", "message_update state"]);
});

test("an error from anybody else, or for an id nobody sent, changes nothing", async (t) => {
  const w = await world(t);
  await w.take(chat("x", 'id="w1"', "", `${alice}/web`).replace(`to="${alice}"`, 'to="bob@larder.test"'));
  t.false(await w.take(bounce("mallory@evil.test", "w1")));
  t.false(await w.take(bounce("bob@larder.test", "w2")));
  t.false(await w.take(bounce("bob@larder.test", "w1").replace(' id="w1"', "")));
  t.is((await w.history())[0]?.state, "sent");
});

test("an error finds its message where another conversation has one with the same id", async (t) => {
  const w = await world(t);
  for (const to of ["carol@larder.test", "bob@larder.test"]) {
    await w.take(chat(to, 'id="1"', "", `${alice}/web`).replace(`to="${alice}"`, `to="${to}"`));
  }
  t.true(await w.take(bounce("bob@larder.test/x", "1")));
  t.deepEqual(
    (await w.history()).map(({ state }) => state),
    ["sent", "failed"],
  );
});

test("an error for a private room message comes from room and nick, without a mark", async (t) => {
  const w = await world(t);
  const mark = '<x xmlns="http://jabber.org/protocol/muc#user"/>';
  await w.take(chat("x", 'id="p"', mark, `${alice}/web`).replace(`to="${alice}"`, `to="${room}/Nick"`));
  t.false(await w.take(bounce(`${room}/Other`, "p")));
  t.true(await w.take(bounce(`${room}/Nick`, "p")));
});

test("our own message to ourselves is one, though it comes back", async (t) => {
  const w = await world(t);
  const note = chat("note", 'id="n"', origin("n"), `${alice}/web`);
  await w.take(note);
  await w.take(note);
  t.like(await w.history(), { length: 1, 0: { direction: "out", conversation: alice } });
});

test("a message that its sender sent again after a lost session is one, though the archive has it twice", async (t) => {
  const w = await world(t);
  await w.take(chat("again", "", origin("o") + archived("s1")));
  t.true(await w.take(chat("again", "", origin("o") + archived("s2"))));
  t.true(await w.take(chat("again", 'xml:lang="en"', origin("o") + archived("s3"))));
  t.is((await w.history()).length, 1, "also where a server has added a language");
});

test("a message that the database cannot take is a failure of storage, after which the session gets it again", async (t) => {
  const w = await world(t);
  await w.store.database.close();
  const error = await t.throwsAsync(w.take(chat("hi")));
  t.is(asStorageFailure(error)?.type, "storage");
});

test("ids that are too long to be kept are left out, and the message is kept", async (t) => {
  const w = await world(t);
  const long = "x".repeat(801);
  const extra = `<thread>${long}</thread><reply xmlns="urn:xmpp:reply:0" id="${long}"/>${origin(long)}${archived(long)}
    <body xml:lang="${long}">in a language</body>`;
  t.true(await w.take(chat("hi", `id="${long}"`, extra)));
  const [message] = await w.history();
  t.like(message, {
    bodies: [{ lang: "", text: "hi" }],
    wireId: undefined,
    originId: undefined,
    stanzaId: undefined,
    stanzaIdBy: undefined,
    thread: undefined,
    replyToId: undefined,
  });
  t.deepEqual(await w.told(), ["message_new"]);
});

test("a message of a party with too long an address is not kept, and the next one is", async (t) => {
  const w = await world(t);
  const long = `bob@${"x".repeat(60)}${".x".repeat(400)}.test`;
  t.false(await w.take(chat("hi", "", "", `${long}/phone`)));
  t.true(await w.take(chat("hi")));
  t.is((await w.history()).length, 1);
});

const sentToRoom = async (w: World, text: string) => {
  const sender = new MessageSender(w.store, { digestKey });
  const message = { to: room, conversation: room, type: "groupchat", bodies: [{ lang: "", text }] } as const;
  const { sent, message: kept } = await sender.send(
    { ...w.account, jid: alice, nickIn: () => "alice" },
    message,
  );
  await sent;
  return kept;
};
const own = occ("occ-alice");

for (const [what, reflected] of [
  [
    "takes the white space and the origin-id from",
    (id: string) => groupchat("alice", "hello", id, own + archived("r1", room)),
  ],
  ["says in other words", (id: string) => groupchat("alice", "h*llo", id, own + archived("r1", room))],
  ["gives another id to", () => groupchat("alice", "hello", "by-the-room", own + archived("r1", room))],
  ["gives another id to, and none of its own,", () => groupchat("alice", "hello", "by-the-room", own)],
] as const)
  test(`what a room ${what} is our message all the same`, async (t) => {
    const w = await world(t);
    const kept = await sentToRoom(w, "  hello\n");
    await w.take(reflected(kept.wireId ?? ""));
    const history = await w.history();
    t.is(history.length, 1);
    const byRoom = reflected("").includes("stanza-id") ? "r1" : undefined;
    t.like(history[0], { uid: kept.uid, stanzaId: byRoom, state: "sent" });
    await w.take(groupchat("alice", "hello", "another", origin("another") + own + archived("r2", room)));
    t.is((await w.history()).length, 2, "what another of our clients says is its own");
  });

test("the same words of another occupant, or of ours after the room has shown the first, are another message", async (t) => {
  const w = await world(t);
  const kept = await sentToRoom(w, "hello");
  await w.take(groupchat("bob", "hello", "x1", occ("occ-bob") + archived("r1", room)));
  await w.take(groupchat("alice", "hello", kept.wireId ?? "", own + archived("r2", room)));
  await w.take(groupchat("alice", "hello", "x2", own + archived("r3", room)));
  t.is((await w.history()).length, 3);
});

test("a room without archive that tells again what it said before, without ids, doubles nothing", async (t) => {
  const w = await world(t);
  const at = (ms: number) => new Date(Date.now() - ms);
  const told = (nick: string, body: string, stamp?: Date) =>
    groupchat(
      nick,
      body,
      "",
      stamp && `<delay xmlns="urn:xmpp:delay" from="${room}" stamp="${stamp.toISOString()}"/>`,
    ).replace(' id=""', "");
  const before = [at(3_600_000), at(3_500_000)] as const;
  const history = [told("bob", "one", before[0]), told("bob", "two", before[1])];
  for (const stanza of [...history, told("bob", "three")]) await w.take(stanza);
  const three = (await w.history())[2];
  const again = [...history, told("bob", "three", three && new Date(three.timestamp.getTime() + 900))];
  for (let join = 0; join < 3; join++) for (const stanza of again) await w.take(stanza);
  for (const stanza of [told("bob", "one", before[1]), told("eve", "one", before[0]), told("bob", "three")])
    await w.take(stanza);
  t.deepEqual(
    (await w.history()).map(({ sender, bodies }) => `${sender.split("/")[1]} ${bodies[0]?.text}`).sort(),
    ["bob one", "bob one", "bob three", "bob three", "bob two", "eve one"],
  );
});
