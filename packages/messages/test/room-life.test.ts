import { parseTrustedXml, StanzaError, type XmlElement, xml } from "@larder/core";
import { type ListedRoom, Rooms } from "@larder/messages";
import test, { type ExecutionContext } from "ava";
import { alice, room, world } from "./support.js";

const NS_USER = "http://jabber.org/protocol/muc#user";
const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

const presence = (nick: string, attrs: string, children: string) =>
  parseTrustedXml(
    `<presence xmlns="jabber:client" from="${room}/${nick}" ${attrs}><x xmlns="${NS_USER}">${children}</x></presence>`,
  );
const status = (...codes: number[]) => codes.map((code) => `<status code="${code}"/>`).join("");
const here = (nick: string, ...codes: number[]) =>
  presence(nick, "", `<item role="participant"/>${status(...codes)}`);
const gone = (nick: string, children: string) => presence(nick, 'type="unavailable"', children);
const refusal = (nick: string, condition: string, content = "") =>
  parseTrustedXml(
    `<presence xmlns="jabber:client" from="${room}/${nick}" type="error"><error type="cancel"><${condition} xmlns="${NS_STANZAS}">${content}</${condition}></error></presence>`,
  );

/** Answer of a room to a presence of ours; undefined if it keeps silent. */
type Answer = (nick: string, stanza: XmlElement) => XmlElement | undefined;

const letIn: Answer = (nick) => here(nick, 110);

/** A room whose words the test gives. */
async function scripted(t: ExecutionContext) {
  const { store, account } = await world(t);
  const script = { answer: letIn, info: [] as string[], missing: undefined as string | undefined };
  const sent: XmlElement[] = [];
  const asked: XmlElement[] = [];
  const passwords = new Map<string, string>();
  const removed: unknown[] = [];
  const rooms: Rooms = new Rooms(
    store,
    {
      id: account.id,
      jid: alice,
      online: () => account.connected,
      roomPassword: (jid) => passwords.get(jid),
      keepRoomPassword: async (jid, password) => void passwords.set(jid, password ?? ""),
      send: async (stanza) => {
        sent.push(stanza);
        if (stanza.attrs.type !== undefined) return;
        const answer = script.answer(stanza.attrs.to?.split("/")[1] ?? "", stanza);
        if (answer) await rooms.handlePresence(answer);
      },
      requester: {
        account: alice,
        intercept: () => () => {},
        request: async (iq) => {
          asked.push(iq);
          if (iq.getChild("query")?.getNS() !== "http://jabber.org/protocol/disco#info") return iq;
          if (script.missing !== undefined) throw new StanzaError(script.missing, { from: room });
          const features = script.info.map((name) => xml("feature", { var: name }));
          const query = xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }, ...features);
          return xml("iq", { type: "result" }, query);
        },
      },
    },
    {
      onJoined: () => {},
      onRemoved: (_, error) => removed.push(error),
      onError: (_, error) => t.log(String(error)),
      presenceExtra: () => [],
      joinTimeoutMs: 50,
    },
  );
  t.teardown(() => rooms.stop());
  /** The muc_state signals so far: state and reason. */
  const told = async () => {
    const { events } = await store.events.since(await store.events.oldest(), { limit: 1000 });
    return events.flatMap(({ signal, data }) => (signal === "muc_state" ? [data.state] : []));
  };
  const standing = (): ListedRoom | undefined => rooms.list()[0];
  const joins = () => sent.filter(({ attrs }) => attrs.type === undefined).map(({ attrs }) => attrs.to);
  /** A new session of an account that has this room among its bookmarks. */
  const nextSession = async () => {
    rooms.reset();
    await rooms.load();
    await rooms.sessionStarted();
    await rooms.settled();
  };
  return {
    store,
    account,
    rooms,
    script,
    sent,
    asked,
    passwords,
    removed,
    told,
    standing,
    joins,
    nextSession,
  };
}

for (const condition of ["conflict", "not-acceptable", "jid-malformed", "forbidden"])
  test(`a nick change that ends with ${condition} leaves the state as it is`, async (t) => {
    const w = await scripted(t);
    await w.rooms.join(room, { nick: "al" });
    w.script.answer = (nick) => refusal(nick, condition);
    await t.throwsAsync(w.rooms.join(room, { nick: "other" }), { instanceOf: StanzaError });
    t.true(w.rooms.isJoined(room));
    t.true(w.rooms.expects(room));
    t.is(w.rooms.nickIn(room), "al");
    t.like(w.standing(), { state: "joined", nick: "al" });
    t.deepEqual(await w.told(), ["joined"]);
    w.script.answer = letIn;
    await w.nextSession();
    t.is(w.joins().at(-1), `${room}/al`);
  });

test("a nick change that the room does not answer, or a refusal of what nobody asked for, leaves the state as it is", async (t) => {
  const w = await scripted(t);
  await w.rooms.join(room, { nick: "al" });
  w.script.answer = () => undefined;
  await t.throwsAsync(w.rooms.join(room, { nick: "other" }), { message: /in time/ });
  await w.rooms.handlePresence(refusal("al", "not-acceptable"));
  t.like(w.standing(), { state: "joined", nick: "al" });
});

test("a nick change that the room makes is ours when it has said so, and others stay who they are", async (t) => {
  const w = await scripted(t);
  await w.rooms.join(room, { nick: "al" });
  await w.rooms.handlePresence(presence("bob", "", '<item role="participant" jid="bob@larder.test/phone"/>'));
  w.script.answer = (nick) => {
    void w.rooms.handlePresence(gone("al", `<item nick="${nick}"/>${status(303, 110)}`));
    return here(nick, 110);
  };
  t.is(await w.rooms.join(room, { nick: "other" }), "other");
  t.is(w.rooms.realJidOf(`${room}/bob`), "bob@larder.test");
  t.is(w.rooms.realJidOf(`${room}/al`), undefined);
  const change = w.sent.at(-1);
  t.is(change?.getChild("x", "http://jabber.org/protocol/muc"), undefined, "it is no join");
});

for (const [what, children, expected] of [
  [
    "destroyed",
    '<item affiliation="none"/><destroy jid="New@rooms.larder.test"><reason>moved</reason></destroy>',
    { reason: "moved", alternate: "new@rooms.larder.test" },
  ],
  ["kicked", `<item role="none"><reason>enough</reason></item>${status(307)}`, { reason: "enough" }],
  [
    "banned",
    `<item affiliation="outcast"/>${status(301, 110)}`,
    { error: { text: "removed from the room (banned)" } },
  ],
  ["no longer a member", `<item affiliation="none"/>${status(321, 110)}`, {}],
  ["not a member of what is for members now", `<item role="none"/>${status(322, 110)}`, {}],
] as const)
  test(`who is ${what} is told so, also without status 110, and what waits fails`, async (t) => {
    const w = await scripted(t);
    await w.rooms.join(room, { nick: "al" });
    await w.rooms.handlePresence(gone("al", children));
    t.like(w.standing(), { state: "removed", ...expected });
    t.deepEqual(await w.told(), ["joined", "removed"]);
    t.is(w.removed.length, 1);
    t.throws(() => w.rooms.checkNotLeft(room), { message: /is not in the room .*\(/ });
    t.false(w.rooms.awaits(room));
    await w.nextSession();
    t.is(w.joins().length, 1);
    t.like(w.standing(), { state: "removed" });
    await w.rooms.join(room);
    t.like(w.standing(), { state: "joined", reason: undefined, alternate: undefined });
    w.rooms.checkNotLeft(room);
  });

for (const codes of [[307, 333], [333, 110], [332], [110]])
  test(`an end with status ${codes.join(" and ")} is a fault of technique: we are on our way back`, async (t) => {
    const w = await scripted(t);
    await w.rooms.join(room, { nick: "al" });
    await w.rooms.handlePresence(gone("al", `<item role="none"/>${status(...codes)}`));
    t.like(w.standing(), { state: "joining" });
    t.true(w.rooms.awaits(room));
    await w.nextSession();
    t.like(w.standing(), { state: "joined" });
    t.deepEqual(await w.told(), ["joined", "joining", "joined"]);
  });

test("the end of another occupant's presence is not ours", async (t) => {
  const w = await scripted(t);
  await w.rooms.join(room, { nick: "al" });
  await w.rooms.handlePresence(gone("bob", `<item role="none"/>${status(307)}`));
  t.true(w.rooms.isJoined(room));
});

for (const condition of ["item-not-found", "gone"])
  test(`a room of which disco says ${condition} is not entered by itself, and is entered where its user wants it`, async (t) => {
    const w = await scripted(t);
    w.script.missing = condition;
    await w.rooms.bookmarked(room, { autojoin: true, nick: "al" });
    await w.rooms.settled();
    t.deepEqual(w.joins(), []);
    t.like(w.standing(), { state: "removed", error: { condition } });
    await w.nextSession();
    t.deepEqual(w.joins(), []);
    t.is(await w.rooms.join(room), "al");
  });

test("a room that our presence has made after all is destroyed again, unless its user has asked for it", async (t) => {
  const w = await scripted(t);
  w.script.answer = (nick) => here(nick, 110, 201);
  await w.rooms.bookmarked(room, { autojoin: true, nick: "al" });
  await w.rooms.settled();
  t.truthy(w.asked.at(-1)?.getChild("query", "http://jabber.org/protocol/muc#owner")?.getChild("destroy"));
  t.like(w.standing(), { state: "removed" });
  t.false(w.rooms.isJoined(room));
  await w.rooms.join(room);
  t.true(w.rooms.isJoined(room));
});

test("a room that was destroyed while we were away says where it has gone, and is not asked again", async (t) => {
  const w = await scripted(t);
  w.script.answer = (nick) => refusal(nick, "gone", "xmpp:New@rooms.larder.test?join");
  await w.rooms.bookmarked(room, { autojoin: true, nick: "al" });
  await w.rooms.settled();
  t.like(w.standing(), { state: "removed", alternate: "new@rooms.larder.test" });
  w.script.answer = letIn;
  await w.nextSession();
  t.is(w.joins().length, 1);
});

test("a wrong password does not take the right one's place, neither asked for nor in a bookmark", async (t) => {
  const w = await scripted(t);
  w.script.answer = (nick, stanza) =>
    stanza.getChild("x")?.getChildText("password") === "right"
      ? here(nick, 110)
      : refusal(nick, "not-authorized");
  await w.rooms.join(room, { password: "right" });
  t.is(w.passwords.get(room), "right");
  await w.rooms.leave(room);
  await t.throwsAsync(w.rooms.join(room, { password: "wrong" }), { instanceOf: StanzaError });
  t.is(w.passwords.get(room), "right");
  await w.rooms.join(room);
  await w.rooms.bookmarked(room, { autojoin: true, password: "wrong, too" });
  await w.nextSession();
  t.true(w.rooms.isJoined(room));
  t.is(w.passwords.get(room), "right");
});

test("a change of the configuration is noticed: what the room can do is asked for again (status 104)", async (t) => {
  const w = await scripted(t);
  await w.rooms.join(room);
  t.false(w.rooms.hasArchive(room));
  w.script.info = ["urn:xmpp:mam:2", "urn:xmpp:occupant-id:0"];
  await w.rooms.configurationChanged(room);
  t.true(w.rooms.hasArchive(room));
  t.true(w.rooms.announcesOccupantIds(room));
});

test("a room without archive is asked for what was said since the last message that is here", async (t) => {
  const w = await scripted(t);
  const historyOf = () => w.sent.at(-1)?.getChild("x")?.getChild("history")?.attrs;
  await w.rooms.join(room);
  t.is(historyOf(), undefined);
  const timestamp = new Date("2026-01-01T12:00:00.500Z");
  await w.store.messages.insert({
    accountId: w.account.id,
    conversation: room,
    direction: "in",
    type: "groupchat",
    from: `${room}/bob`,
    to: alice,
    sender: `${room}/bob`,
    timestamp,
    receivedAt: timestamp,
    delayed: false,
    extra: {},
    bodies: [],
    subjects: [],
  });
  await w.nextSession();
  t.deepEqual(historyOf(), { since: "2026-01-01T11:59:00Z" });
  w.script.info = ["urn:xmpp:mam:2"];
  await w.nextSession();
  t.deepEqual(historyOf(), { maxstanzas: "0" });
});

test("until a new session has joined a room nothing is sent there, and joins at the same time are one after the other", async (t) => {
  const w = await scripted(t);
  await w.rooms.join(room, { nick: "al" });
  w.rooms.reset();
  t.false(w.rooms.isJoined(room));
  t.like(w.standing(), { state: "joining" });
  const entered: string[] = [];
  w.script.answer = (nick) => {
    entered.push(nick);
    return here(nick, 110);
  };
  await w.rooms.sessionStarted();
  t.deepEqual(await Promise.all([w.rooms.join(room, { nick: "one" }), w.rooms.join(room, { nick: "two" })]), [
    "one",
    "two",
  ]);
  t.deepEqual(entered, ["al", "one", "two"]);
});

test("leaving ends a join that the room does not answer", async (t) => {
  const w = await scripted(t);
  w.script.answer = () => undefined;
  const joining = t.throwsAsync(w.rooms.join(room));
  while (!w.rooms.expects(room)) await new Promise((resolve) => setImmediate(resolve));
  await w.rooms.leave(room);
  await joining;
  t.like(w.standing(), { state: "left" });
});
