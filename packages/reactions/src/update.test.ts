import { parseTrustedXml } from "@larder/core";
import test from "ava";
import fc from "fast-check";
import { normalForm } from "./emoji.js";
import { reactionsStanza, readReactions } from "./stanza.js";
import { summariseReactions } from "./summary.js";
import { applyUpdate, differenceOf } from "./update.js";

const emoji = fc.constantFrom("👍", "\u2764\ufe0f", "\u2764", "🎉", "😂");
const set = fc.uniqueArray(emoji, { selector: normalForm });
const given = fc.array(emoji, { maxLength: 6 });
const forms = (emojis: readonly string[]) => new Set(emojis.map(normalForm).toSorted());

test("whatever the update, no emoji stands twice", (t) => {
  const update = fc.constantFrom("replace" as const, "add" as const, "remove" as const, "toggle" as const);
  fc.assert(
    fc.property(set, given, update, (current, change, how) => {
      const next = applyUpdate(current, change, how);
      t.is(forms(next).size, next.length);
    }),
  );
});

test("add is the union, remove the difference, replace what is given", (t) => {
  fc.assert(
    fc.property(set, given, (current, change) => {
      t.deepEqual(forms(applyUpdate(current, change, "add")), forms([...current, ...change]));
      const left = [...forms(current)].filter((form) => !forms(change).has(form));
      t.deepEqual(forms(applyUpdate(current, change, "remove")), forms(left));
      t.deepEqual(forms(applyUpdate(current, change, "replace")), forms(change));
    }),
  );
});

test("toggling twice, and adding before removing, leave the set as it was", (t) => {
  fc.assert(
    fc.property(set, set, (current, change) => {
      const twice = applyUpdate(applyUpdate(current, change, "toggle"), change, "toggle");
      t.deepEqual(forms(twice), forms(current));
      const fresh = change.filter((each) => !forms(current).has(normalForm(each)));
      t.deepEqual(applyUpdate(applyUpdate(current, fresh, "add"), fresh, "remove"), current);
    }),
  );
});

test("what stays keeps its place and its spelling", (t) => {
  t.deepEqual(applyUpdate(["\u2764", "👍"], ["\u2764\ufe0f", "🎉"], "add"), ["\u2764", "👍", "🎉"]);
});

test("a difference by spelling alone is none", (t) => {
  t.deepEqual(differenceOf(["\u2764", "👍"], ["👍", "\u2764\ufe0f"]), { added: [], removed: [] });
  t.deepEqual(differenceOf(["👍"], ["🎉"]), { added: ["🎉"], removed: ["👍"] });
});

test("the stanza holds the full set, a hint to archive it, and nothing else (XEP-0444 §3.2)", (t) => {
  const stanza = reactionsStanza({ to: "b@x", type: "chat", id: "i", target: "t", emojis: ["👋", "🐢"] });
  t.is(
    stanza.toString(),
    '<message xmlns="jabber:client" to="b@x" type="chat" id="i"><reactions xmlns="urn:xmpp:reactions:0" id="t">' +
      '<reaction>👋</reaction><reaction>🐢</reaction></reactions><store xmlns="urn:xmpp:hints"/></message>',
  );
});

const read = (children: string) =>
  readReactions(parseTrustedXml(`<message xmlns="jabber:client">${children}</message>`));
const element = (children: string, id = 'id="t"') =>
  `<reactions xmlns="urn:xmpp:reactions:0" ${id}>${children}</reactions>`;

test("what is no emoji, or repeats one, is left out of what is read", (t) => {
  const children = ["👍", "text", "\u2764", "👍👍", "\u2764\ufe0f", ""].map(
    (each) => `<reaction>${each}</reaction>`,
  );
  t.deepEqual(read(element(children.join(""))), { target: "t", emojis: ["👍", "\u2764\ufe0f"] });
  t.deepEqual(read(element("")), { target: "t", emojis: [] });
});

test("two sets in one stanza, none, or one without a target are not read", (t) => {
  t.is(read(element("<reaction>👍</reaction>") + element("")), undefined);
  t.is(read(""), undefined);
  t.is(read(element("", "")), undefined);
  t.is(read('<reactions id="t"><reaction>👍</reaction></reactions>'), undefined);
});

const standing = (sender: string, since: number[], ...emojis: string[]) => ({
  conversation: "b@x",
  groupchat: false,
  sender,
  own: sender === "a@x",
  emojis,
  since,
  position: 9,
});

test("reactions are grouped by emoji whatever its spelling, with who holds each", (t) => {
  const all = [standing("b@x", [1, 4], "\u2764", "👍"), standing("a@x", [2], "\u2764\ufe0f")];
  t.deepEqual(summariseReactions(all), [
    {
      emoji: "\u2764",
      count: 2,
      mine: true,
      senders: [
        { id: "b@x", jid: "b@x", self: false },
        { id: "a@x", jid: "a@x", self: true },
      ],
    },
    { emoji: "👍", count: 1, mine: false, senders: [{ id: "b@x", jid: "b@x", self: false }] },
  ]);
});

test("emojis stand in the order in which they came to be held, whoever is looked at first", (t) => {
  const one = standing("b@x", [5, 1], "🎉", "👍");
  const other = standing("a@x", [3], "😂");
  const order = (all: (typeof one)[]) => summariseReactions(all).map(({ emoji }) => emoji);
  t.deepEqual(order([one, other]), ["👍", "😂", "🎉"]);
  t.deepEqual(order([other, one]), ["👍", "😂", "🎉"]);
});

test("an occupant is known by occupant-id and nick, by an address only where the room shows it", (t) => {
  const occupant = { ...standing("occ", [1], "👍"), conversation: "room@x", groupchat: true, nick: "Bo" };
  t.deepEqual(summariseReactions([occupant])[0]?.senders, [{ id: "occ", nick: "Bo", self: false }]);
  t.deepEqual(summariseReactions([{ ...occupant, realJid: "bo@x" }])[0]?.senders, [
    { id: "occ", jid: "bo@x", nick: "Bo", self: false },
  ]);
  const privately = { ...standing("occ", [1], "👍"), conversation: "room@x/Bo" };
  t.deepEqual(summariseReactions([privately])[0]?.senders, [{ id: "occ", self: false }]);
});
