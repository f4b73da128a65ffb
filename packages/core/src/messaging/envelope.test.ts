import test from "ava";
import { parseTrustedXml } from "../xml/element.js";
import { type EnvelopeOptions, openEnvelope } from "./envelope.js";

const now = new Date("2026-01-01T12:00:00Z");
const options: EnvelopeOptions = {
  account: "romeo@montague.example",
  announcesStanzaIds: (by) => by === "romeo@montague.example",
  now: () => now,
};
const open = (text: string, rest: Partial<EnvelopeOptions> = {}) =>
  openEnvelope(parseTrustedXml(text), { ...options, ...rest });

const message = (attrs: string, children = "<body>hi</body>") =>
  `<message xmlns="jabber:client" ${attrs}>${children}</message>`;
const live = (children: string) =>
  message('from="juliet@capulet.example/balcony" to="romeo@montague.example" type="chat"', children);
const carbon = (kind: "sent" | "received", from: string, inner: string) =>
  `<message xmlns="jabber:client"${from && ` from="${from}"`} to="romeo@montague.example/home">
    <${kind} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">${inner}</forwarded></${kind}></message>`;

test("a live message belongs to the other party's bare address", (t) => {
  const envelope = open(
    message('from="Juliet@capulet.example/balcony" to="romeo@montague.example/home" type="chat"'),
  );
  t.like(envelope, {
    via: "live",
    direction: "in",
    from: "juliet@capulet.example/balcony",
    to: "romeo@montague.example/home",
    conversation: "juliet@capulet.example",
    sender: "juliet@capulet.example",
  });
});

test("a message without from is the account's own server's, without to is for the account (RFC 6120 §8.1)", (t) => {
  t.like(open(message("")), { from: "romeo@montague.example", to: "romeo@montague.example" });
});

test("a message whose address cannot be read has no envelope", (t) => {
  t.is(open(message('from="@@" to="romeo@montague.example"')), undefined);
});

test("a note to oneself is one conversation with oneself, outgoing", (t) => {
  t.like(open(message('from="romeo@montague.example/a" to="romeo@montague.example"')), {
    direction: "out",
    conversation: "romeo@montague.example",
    sender: "romeo@montague.example",
  });
});

const sent = message('from="romeo@montague.example/garden" to="juliet@capulet.example/balcony" type="chat"');
const received = message(
  'from="juliet@capulet.example/balcony" to="romeo@montague.example/garden" type="chat"',
);

test("a sent carbon is our own message to the other party", (t) => {
  t.like(open(carbon("sent", "romeo@montague.example", sent)), {
    via: "carbon",
    direction: "out",
    conversation: "juliet@capulet.example",
    sender: "romeo@montague.example",
  });
});

test("a received carbon is the other party's message", (t) => {
  t.like(open(carbon("received", "romeo@montague.example", received)), {
    via: "carbon",
    direction: "in",
    sender: "juliet@capulet.example",
  });
});

test("a carbon without from is our own server's", (t) => {
  t.truthy(open(carbon("received", "", received)));
});

const forged: [what: string, stanza: string][] = [
  ["from a stranger", carbon("sent", "mallory@evil.example", sent)],
  ["from the server's domain", carbon("sent", "montague.example", sent)],
  ["from another resource of ours", carbon("sent", "romeo@montague.example/garden", sent)],
  ["sent, holding a message that is not ours", carbon("sent", "romeo@montague.example", received)],
  ["received, holding a message for somebody else", carbon("received", "romeo@montague.example", sent)],
  ["holding nothing", carbon("sent", "romeo@montague.example", "")],
  [
    "holding a message of another namespace",
    carbon("sent", "romeo@montague.example", '<message xmlns="urn:x" from="romeo@montague.example"/>'),
  ],
];
for (const [what, stanza] of forged) {
  test(`a carbon ${what} has no envelope`, (t) => t.is(open(stanza), undefined));
}

test("a carbon within a carbon is not opened a second time", (t) => {
  const inner = carbon("sent", "juliet@capulet.example", sent).replace(
    'to="romeo@montague.example/home"',
    'to="romeo@montague.example"',
  );
  t.like(open(carbon("received", "romeo@montague.example", inner)), {
    direction: "in",
    sender: "juliet@capulet.example",
  });
});

const PRIVATE = '<x xmlns="http://jabber.org/protocol/muc#user"/>';

/** A room that the account is in, or was. */
const known: Partial<EnvelopeOptions> = {
  ownOccupant: (room) => (room === "room@muc.example" ? { nick: "Romeo" } : undefined),
};

for (const [what, from] of [
  ["an ordinary contact", "juliet@capulet.example/phone"],
  ["an address that is no room of ours", "other@muc.example/Nick"],
] as const)
  test(`the mark of a private room message makes none of what ${what} sends`, (t) => {
    const envelope = open(message(`from="${from}" to="romeo@montague.example" type="chat"`, PRIVATE), known);
    const bare = from.split("/")[0];
    t.like(envelope, { conversation: bare, sender: bare, room: undefined });
  });

test("a private message of a room belongs to room and nick", (t) => {
  const envelope = open(
    message('from="room@muc.example/Nick" to="romeo@montague.example" type="chat"', PRIVATE),
    known,
  );
  t.is(envelope?.conversation, "room@muc.example/Nick");
  t.is(envelope?.sender, "room@muc.example/Nick");
});

test("our own private message, as a carbon, belongs to room and nick too", (t) => {
  const inner = message('from="romeo@montague.example/a" to="room@muc.example/Nick" type="chat"', PRIVATE);
  const envelope = open(carbon("sent", "romeo@montague.example", inner), known);
  t.is(envelope?.conversation, "room@muc.example/Nick");
  t.is(envelope?.sender, "romeo@montague.example");
});

test("an invitation from the room itself is no private message", (t) => {
  t.is(
    open(message('from="room@muc.example" to="romeo@montague.example"', PRIVATE), known)?.conversation,
    "room@muc.example",
  );
});

test("a room's message is the occupant's, in the room's conversation", (t) => {
  t.like(open(message('from="room@muc.example/Nick" to="romeo@montague.example/a" type="groupchat"')), {
    conversation: "room@muc.example",
    sender: "room@muc.example/Nick",
  });
});

const sid = (by: string, id = "archive-1") => `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`;

test("the stanza-id of the account is believed where the account announces them", (t) => {
  t.deepEqual(open(live(sid("romeo@montague.example")))?.stanzaId, {
    id: "archive-1",
    by: "romeo@montague.example",
  });
  t.is(open(live(sid("romeo@montague.example")), { announcesStanzaIds: () => false })?.stanzaId, undefined);
});

test("a stanza-id by anybody else is not believed, and does not hide the real one", (t) => {
  const others = ["juliet@capulet.example", "montague.example", "romeo@montague.example/home", "", "@"];
  for (const by of others) t.is(open(live(sid(by)))?.stanzaId, undefined, by);
  const both = open(live(others.map((by) => sid(by, "forged")).join("") + sid("romeo@montague.example")));
  t.is(both?.stanzaId?.id, "archive-1");
});

test("two stanza-ids of the same archive are none (XEP-0359 §3)", (t) => {
  const two = sid("romeo@montague.example", "1") + sid("romeo@montague.example", "2");
  t.is(open(live(two))?.stanzaId, undefined);
});

test("an empty stanza-id or origin-id is none", (t) => {
  t.is(open(live(sid("romeo@montague.example", "")))?.stanzaId, undefined);
  t.is(open(live('<origin-id xmlns="urn:xmpp:sid:0" id=""/>'))?.originId, undefined);
  t.is(open(live('<origin-id xmlns="urn:xmpp:sid:0" id="o"/>'))?.originId, "o");
});

const delay = (from: string, stamp: string) =>
  `<delay xmlns="urn:xmpp:delay"${from && ` from="${from}"`} stamp="${stamp}"/>`;
test("a delay is not believed of what comes live: its sender may have written it", (t) => {
  const text = live(delay("montague.example", "2020-01-01T10:00:00Z"));
  t.is(open(text)?.delay, undefined);
  const asked: (string | undefined)[] = [];
  const isDelayed = (stanza: { name: string }, room: string | undefined) => {
    asked.push(stanza.name, room);
    return false;
  };
  t.is(open(text, { isDelayed })?.delay, undefined);
  const inRoom = message('from="room@muc.example/nick" to="romeo@montague.example" type="groupchat"');
  open(inRoom, { isDelayed });
  t.deepEqual(asked, ["message", undefined, "message", "room@muc.example"]);
});

const delays: [what: string, children: string, expected: string | undefined][] = [
  ["of our server counts", delay("montague.example", "2026-01-01T10:00:00Z"), "2026-01-01T10:00:00.000Z"],
  [
    "of our account counts",
    delay("romeo@montague.example", "2026-01-01T10:00:00.5Z"),
    "2026-01-01T10:00:00.500Z",
  ],
  [
    "with an offset is put into UTC",
    delay("montague.example", "2026-01-01T10:00:00+02:00"),
    "2026-01-01T08:00:00.000Z",
  ],
  ["of the sender is nothing", delay("juliet@capulet.example", "2026-01-01T10:00:00Z"), undefined],
  ["of the sender's server is nothing", delay("capulet.example", "2026-01-01T10:00:00Z"), undefined],
  ["of nobody is nothing", delay("", "2026-01-01T10:00:00Z"), undefined],
  ["in the future is now", delay("montague.example", "2027-01-01T00:00:00Z"), now.toISOString()],
  ["that is no XMPP date is nothing", delay("montague.example", "1"), undefined],
  ["with an impossible date is nothing", delay("montague.example", "2026-13-41T00:00:00Z"), undefined],
  [
    "forged beside the real one does not push the message back",
    delay("montague.example", "1999-01-01T00:00:00Z") + delay("montague.example", "2026-01-01T10:00:00Z"),
    "2026-01-01T10:00:00.000Z",
  ],
];
for (const [what, children, expected] of delays) {
  test(`a delay ${what}`, (t) =>
    t.is(open(live(children), { isDelayed: () => true })?.delay?.toISOString(), expected));
}

test("the message of an envelope stands alone, with its namespace", (t) => {
  const inner = received.replace(' xmlns="jabber:client"', "");
  const stanza = carbon("received", "romeo@montague.example", inner).replace(
    'xmlns="urn:xmpp:forward:0"',
    'xmlns="urn:xmpp:forward:0" xmlns:c="jabber:client"',
  );
  t.is(
    openEnvelope(parseTrustedXml(stanza), options),
    undefined,
    "an unprefixed child is no jabber:client one",
  );
  const envelope = open(carbon("received", "romeo@montague.example", received));
  t.is(envelope?.message.parent, null);
  t.true(envelope?.message.toString().startsWith('<message xmlns="jabber:client"'));
});
