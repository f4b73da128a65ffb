import type { XmlElement } from "@larder/core";
import { DisplayedMarks } from "@larder/messages";
import test from "ava";
import {
  alice,
  archived,
  chat,
  groupchat,
  mine,
  occ,
  origin,
  replace,
  retract,
  retract0,
  room,
  type World,
  world,
} from "./support.js";

const texts = async (w: World) =>
  (await w.history()).map((message) => (message.retracted ? "(gone)" : (message.bodies[0]?.text ?? "")));
const finds = async (w: World, search: string) =>
  (await w.store.messages.history({ limit: 10, search })).messages.length;

test("a correction takes the message's place: its uid stays, the former text is a version, and search finds the new one alone", async (t) => {
  const w = await world(t);
  await w.take(chat("teh cat", 'id="m1"', archived("s1")));
  const [first] = await w.history();
  await w.take(chat("the dog", 'id="m2"', replace("m1") + archived("s2")));
  const [message, ...others] = await w.history();
  t.deepEqual(others, []);
  t.is(message?.uid, first?.uid);
  t.like(message, { bodies: [{ text: "the dog" }], wireId: "m1", stanzaId: "s1" });
  t.truthy(message?.edited);
  t.is((await w.store.messages.versions(message?.id ?? 0))[0]?.bodies[0]?.text, "teh cat");
  t.deepEqual([await finds(w, "cat"), await finds(w, "dog")], [0, 1]);
  t.deepEqual(await w.told(), ["message_new", "message_update correction"]);
  // Whoever names the correction means the message (§4).
  t.is((await w.store.messages.findByWireId(w.account.id, "bob@larder.test", "m2"))?.uid, first?.uid);
  await w.take(chat("the bird", 'id="m3"', replace("m2")));
  t.deepEqual(await texts(w), ["the bird"], "a correction that names a correction means the first version");
});

test("a correction that comes again from the archive changes nothing more", async (t) => {
  const w = await world(t);
  await w.take(chat("a", 'id="m1"', archived("s1")));
  await w.take(chat("b", 'id="m2"', replace("m1") + archived("s2")));
  await w.take(chat("c", 'id="m3"', replace("m1")));
  const told = await w.told();
  await w.takePage([
    ["s1", "2026-01-01T00:00:00Z", chat("a", 'id="m1"')],
    ["s2", "2026-01-01T00:00:01Z", chat("b", 'id="m2"', replace("m1"))],
    ["s3", "2026-01-01T00:00:02Z", chat("c", 'id="m3"', replace("m1"))],
  ]);
  t.deepEqual(await texts(w), ["c"]);
  t.deepEqual(await w.told(), told);
});

test("a correction that comes before its message, going back in an archive, waits for it and stands in for it", async (t) => {
  const w = await world(t);
  const going = { batch: { order: { before: undefined } } };
  await w.takePage([["s2", "2026-01-01T00:00:05Z", chat("right", 'id="m2"', replace("m1"))]], going);
  const [standIn] = await w.history();
  t.is(standIn?.bodies[0]?.text, "right");
  await w.takePage(
    [
      ["s0", "2026-01-01T00:00:01Z", chat("before", 'id="m0"')],
      ["s1", "2026-01-01T00:00:02Z", chat("wrong", 'id="m1"')],
    ],
    going,
  );
  t.deepEqual(await texts(w), ["before", "right"]);
  const [, message] = await w.history();
  t.is(message?.uid, standIn?.uid, "whoever had its uid still has it");
  t.like(message, { stanzaId: "s1", wireId: "m1", timestamp: new Date("2026-01-01T00:00:02Z") });
  t.is((await w.store.messages.versions(message?.id ?? 0))[0]?.bodies[0]?.text, "wrong");
});

test("the newest correction stands, in whatever order they come", async (t) => {
  const w = await world(t);
  const page = (id: string, second: number, stanza: string) =>
    w.takePage([[id, `2026-01-01T00:00:0${second}Z`, stanza]]);
  await page("s1", 1, chat("one", 'id="m1"'));
  await page("s3", 5, chat("three", 'id="m3"', replace("m1")));
  await page("s2", 3, chat("two", 'id="m2"', replace("m1")));
  t.deepEqual(await texts(w), ["three"]);
});

const forgedCorrections: [what: string, stanza: string][] = [
  ["by somebody else", chat("forged", 'id="f"', replace("m1"), "mallory@larder.test/x")],
  ["of our own message by the other party", chat("forged", 'id="f"', replace("mine1"))],
];
for (const [what, stanza] of forgedCorrections) {
  test(`a correction ${what} changes nothing that was said`, async (t) => {
    const w = await world(t);
    await w.take(chat("original", 'id="m1"'));
    await w.take(
      `<message xmlns="jabber:client" from="${alice}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${mine("ours", "mine1")}</forwarded></sent></message>`,
    );
    await w.take(stanza);
    const said = (await texts(w)).filter((text) => text !== "forged");
    t.deepEqual(said, ["original", "ours"]);
    t.true((await w.history()).every(({ edited }) => edited === undefined));
  });
}

test("a retraction takes text, versions, stanza and what search finds of it, in either version of the protocol", async (t) => {
  for (const [version, action] of [
    ["1", retract("m1")],
    ["0", retract0("o1")],
  ] as const) {
    const w = await world(t);
    await w.take(chat("secret", 'id="m1"', origin("o1") + archived("s1")));
    await w.take(chat("/me retracted a previous message", 'id="r1"', action));
    t.deepEqual(await texts(w), ["(gone)"], version);
    const [message] = await w.history();
    t.like(message, { raw: undefined, bodies: [] });
    t.is(await finds(w, "secret"), 0);
    t.deepEqual(await w.told(), ["message_new", "message_update retraction"]);
    await w.take(chat("secret", 'id="m1"', origin("o1") + archived("s1")));
    await w.takePage([["s1", "2026-01-01T00:00:00Z", chat("secret", 'id="m1"', origin("o1"))]]);
    await w.take(chat("secret again", 'id="m2"', replace("m1")));
    t.deepEqual(await texts(w), ["(gone)"], "no later copy or correction brings it back");
    t.is(await finds(w, "secret"), 0);
  }
});

test("a retraction that comes before its message wins when that comes", async (t) => {
  const w = await world(t);
  await w.take(chat("", 'id="r1"', retract("m1")));
  await w.takePage([["s1", "2026-01-01T00:00:00Z", chat("secret", 'id="m1"')]]);
  t.deepEqual(await texts(w), ["(gone)"]);
  t.is(await finds(w, "secret"), 0);
  t.deepEqual(await w.told(), [], "nobody is told of a message that is gone already");
});

test("a retraction that comes before a whole page of messages takes the one that it names, and no other", async (t) => {
  const w = await world(t);
  await w.take(chat("", 'id="r"', retract("70")));
  const { received } = await w.takePage(
    Array.from(
      { length: 150 },
      (_, n) => [`s${n}`, "2026-01-01T00:00:00Z", chat(`${n}`, `id="${n}"`)] as const,
    ),
  );
  t.is(received, 150);
  const gone = (await w.history()).flatMap(({ retracted, wireId }) => (retracted ? [wireId] : []));
  t.deepEqual(gone, ["70"]);
});

test("a tombstone in the archive takes a message that is still here, and stands where none was", async (t) => {
  const w = await world(t);
  await w.take(chat("secret", 'id="m1"', archived("s1")));
  const stone = (id: string) =>
    chat("", `id="${id}"`, `<retracted xmlns="urn:xmpp:message-retract:1" id="r"/>`).replace(
      "<body></body>",
      "",
    );
  await w.takePage([
    ["s1", "2026-01-01T00:00:00Z", stone("m1")],
    ["s2", "2026-01-01T00:00:01Z", stone("m2")],
  ]);
  t.deepEqual(await texts(w), ["(gone)", "(gone)"]);
});

test("a tombstone that a sender writes itself changes nothing", async (t) => {
  const w = await world(t);
  await w.take(chat("stays", 'id="m1"', archived("s1")));
  await w.take(
    chat("", 'id="m1"', `<retracted xmlns="urn:xmpp:message-retract:1" id="r"/>${archived("s1")}`),
  );
  t.deepEqual(await texts(w), ["stays"]);
});

const forgedRetractions: [what: string, stanza: string][] = [
  ["by somebody else", chat("", "", retract("m1"), "mallory@larder.test/x")],
  ["by fastening, by somebody else", chat("", "", retract0("o1"), "mallory@larder.test/x")],
  ["of what we said, by the other party", chat("", "", retract("mine1"))],
  [
    "that claims to be moderation, outside rooms",
    chat(
      "",
      "",
      '<retract xmlns="urn:xmpp:message-retract:1" id="m1"><moderated xmlns="urn:xmpp:message-moderate:1"/></retract>',
    ),
  ],
];
for (const [what, stanza] of forgedRetractions) {
  test(`a retraction ${what} changes nothing, now or later`, async (t) => {
    const w = await world(t);
    const own = `<message xmlns="jabber:client" from="${alice}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${mine("ours", "mine1")}</forwarded></sent></message>`;
    await w.take(stanza);
    await w.take(chat("original", 'id="m1"', origin("o1")));
    await w.take(own);
    await w.take(stanza);
    t.deepEqual(await texts(w), ["original", "ours"]);
  });
}

const moderation = (id: string, version: 0 | 1) =>
  version === 1
    ? `<retract xmlns="urn:xmpp:message-retract:1" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:1" by="${room}/mod"/><reason>spam</reason></retract>`
    : `<apply-to xmlns="urn:xmpp:fasten:0" id="${id}"><moderated xmlns="urn:xmpp:message-moderate:0" by="${room}/mod"><retract xmlns="urn:xmpp:message-retract:0"/><reason>spam</reason></moderated></apply-to>`;

for (const version of [0, 1] as const) {
  test(`moderation :${version} counts from the room's own address alone`, async (t) => {
    const w = await world(t);
    await w.take(groupchat("bob", "spam", "m1", archived("s1", room) + occ("occ-bob")));
    await w.take(groupchat("mallory", "", "f", moderation("s1", version) + occ("occ-mallory")));
    await w.take(groupchat("", "", "f2", moderation("m1", version)));
    await w.take(chat("", 'id="f3"', moderation("s1", version)));
    t.deepEqual(await texts(w), ["spam"], "an occupant, the sender's id, another conversation");
    await w.take(groupchat("", "", "r", moderation("s1", version)));
    t.deepEqual(await texts(w), ["(gone)"]);
  });
}

test("moderation of a message that is not here yet wins when that comes", async (t) => {
  const w = await world(t);
  await w.take(groupchat("", "", "r", moderation("s1", 1)));
  await w.takePage([["s1", "2026-01-01T00:00:00Z", groupchat("bob", "spam", "m1", occ("occ-bob"))]], {
    archive: room,
  });
  t.deepEqual(await texts(w), ["(gone)"]);
});

test("in a room with occupant ids the occupant may correct and retract, under another nick too, and nobody else may", async (t) => {
  const w = await world(t);
  await w.take(groupchat("bob", "first", "m1", archived("s1", room) + occ("occ-bob")));
  await w.take(groupchat("bob", "forged", "f1", replace("m1") + archived("sf", room) + occ("occ-mallory")));
  await w.take(groupchat("bob", "", "f2", retract("s1") + occ("occ-mallory")));
  t.deepEqual(await texts(w), ["first"], "the same nick of another occupant");
  await w.take(groupchat("robert", "second", "m2", replace("m1") + archived("s2", room) + occ("occ-bob")));
  t.deepEqual(await texts(w), ["second"]);
  await w.take(groupchat("robert", "", "r", retract("s1") + occ("occ-bob")));
  t.deepEqual(await texts(w), ["(gone)"]);
});

test("an occupant id in a room that announces none is not believed", async (t) => {
  const w = await world(t);
  w.room.occupantIds = false;
  await w.take(groupchat("bob", "first", "m1", archived("s1", room) + occ("occ-bob")));
  await w.take(groupchat("mallory", "forged", "f1", replace("m1") + archived("s2", room) + occ("occ-bob")));
  t.deepEqual(await texts(w), ["first"]);
  t.true((await w.history()).every(({ occupantId }) => occupantId === undefined));
});

test("without occupant ids a nick counts while it has not changed hands, and what nobody can prove stays a message", async (t) => {
  const w = await world(t);
  w.room.occupantIds = false;
  w.room.presentSince.set(`${room}/bob`, new Date(0));
  await w.take(groupchat("bob", "first", "m1", archived("s1", room)));
  await w.take(groupchat("bob", "second", "m2", replace("m1") + archived("s2", room)));
  t.deepEqual(await texts(w), ["second"]);
  w.room.presentSince.set(`${room}/bob`, new Date(Date.now() + 60_000));
  await w.take(groupchat("bob", "third", "m3", replace("m1") + archived("s3", room)));
  await w.take(groupchat("bob", "", "r", retract("s1")));
  t.deepEqual(await texts(w), ["second", "third"]);
});

test("a room's reflection is our message, also under the nick that we had then", async (t) => {
  const w = await world(t);
  await w.take(groupchat("alice", "mine", "m1", archived("s1", room) + occ("occ-alice")));
  await w.take(groupchat("alice", "somebody else's", "m2", archived("s2", room) + occ("occ-other")));
  await w.take(groupchat("formerly", "mine too", "m3", archived("s3", room) + occ("occ-alice")));
  t.deepEqual(
    (await w.history()).map(({ direction }) => direction),
    ["out", "in", "out"],
  );
});

const receipt = (id: string, from = "bob@larder.test/phone") =>
  chat("", "", `<received xmlns="urn:xmpp:receipts" id="${id}"/>`, from).replace("<body></body>", "");
const marker = (id: string, from = "bob@larder.test/phone") =>
  chat("", "", `<displayed xmlns="urn:xmpp:chat-markers:0" id="${id}"/>`, from).replace("<body></body>", "");
const sentCarbon = (inner: string) =>
  `<message xmlns="jabber:client" from="${alice}"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></sent></message>`;

test("receipts and markers make what we sent delivered and displayed, a marker all before it too, and never the other way", async (t) => {
  const w = await world(t);
  for (const id of ["a", "b", "c", "d"]) await w.take(sentCarbon(mine(id, id)));
  await w.take(receipt("a"));
  const states = async () => (await w.history()).map(({ state }) => state);
  t.deepEqual(await states(), ["delivered", "sent", "sent", "sent"]);
  await w.take(marker("c"));
  await w.take(receipt("b"));
  t.deepEqual(await states(), ["displayed", "displayed", "displayed", "sent"]);
  await w.take(receipt("d", "mallory@larder.test/x"));
  await w.take(marker("d", "mallory@larder.test/x"));
  t.deepEqual(await states(), ["displayed", "displayed", "displayed", "sent"], "of anybody else");
});

const refusal = (id: string) =>
  `<message xmlns="jabber:client" from="bob@larder.test" to="${alice}" type="error" id="${id}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;

for (const [what, confirm, state] of [
  ["a receipt", receipt, "delivered"],
  ["a marker", marker, "displayed"],
] as const)
  for (const order of ["after", "before"] as const)
    test(`${what} that comes ${order} an error outranks it, and a marker of a later message does not`, async (t) => {
      const w = await world(t);
      for (const id of ["a", "b", "c"]) await w.take(sentCarbon(mine(id, id)));
      const both = order === "after" ? [refusal("b"), confirm("b")] : [confirm("b"), refusal("b")];
      for (const stanza of both) await w.take(stanza);
      t.like((await w.history())[1], { state, error: undefined });
      await w.take(refusal("a"));
      await w.take(marker("c"));
      t.deepEqual(
        (await w.history()).map((message) => message.state === "failed"),
        [what === "a receipt", false, false], // a marker of the second confirms the first, too
      );
    });

for (const [what, unmarked, expected] of [
  ["one that asks for none marks the last before it that does", "c", "b"],
  ["one that asks for it marks that", "b", "b"],
  ["one after which nobody asks marks nothing where all before it are marked", undefined, undefined],
] as const)
  test(`displaying ${what} (XEP-0333 §4.1)`, async (t) => {
    const w = await world(t);
    const markable = '<markable xmlns="urn:xmpp:chat-markers:0"/>';
    for (const [id, extra] of [
      ["a", markable],
      ["b", markable],
      ["c", ""],
    ] as const)
      await w.take(chat(id, `id="${id}"`, extra));
    const sent: XmlElement[] = [];
    const account = {
      ...w.account,
      jid: alice,
      online: () => true,
      requester: {} as never,
      send: async (stanza: XmlElement) => void sent.push(stanza),
    };
    const history = await w.history();
    const marks = new DisplayedMarks(w.store);
    const mark = async (id: string) => {
      const message = history.find(({ wireId }) => wireId === id);
      if (message) await marks.mark(account, message);
    };
    if (unmarked === undefined) {
      await mark("b");
      sent.length = 0;
      await mark("c");
    } else await mark(unmarked);
    t.deepEqual(
      sent.map((stanza) => stanza.getChild("displayed")?.attrs.id),
      expected === undefined ? [] : [expected],
    );
  });

test("what our other device has displayed is read here, and a message of ours says that everything before it is", async (t) => {
  const w = await world(t);
  const unread = async () => (await w.store.conversations.get(w.account.id, "bob@larder.test"))?.unread;
  for (const id of ["a", "b", "c"]) await w.take(chat(id, `id="${id}"`));
  t.is(await unread(), 3);
  await w.take(sentCarbon(mine("", "x", `<displayed xmlns="urn:xmpp:chat-markers:0" id="b"/>`)));
  t.is(await unread(), 1);
  await w.take(marker("a"));
  t.is(await unread(), 1, "the other side's marker is about what we said");
  await w.take(sentCarbon(mine("answer", "y")));
  t.is(await unread(), 0);
  await w.take(chat("d", 'id="d"'));
  await w.take(chat("", "", retract("d")));
  t.is(await unread(), 0, "what was taken back is not unread");
});

test("a mark with an id of neither our archive nor the room is not even waited for", async (t) => {
  const w = await world(t);
  const marks = new DisplayedMarks(w.store);
  const mark = { conversation: "bob@larder.test", stanzaId: "later" };
  const account = { ...w.account, jid: alice, requester: {} as never, send: async () => {} };
  await marks.take(account, { ...mark, by: "mallory@larder.test" });
  t.deepEqual(await w.store.conversations.awaitingMark(w.account.id), []);
  await marks.take(account, { ...mark, by: alice });
  t.is((await w.store.conversations.awaitingMark(w.account.id)).length, 1);
});
