import { parseTrustedXml } from "@larder/core";
import test from "ava";
import fc from "fast-check";
import { normalForm } from "./emoji.js";
import { applyUpdate, withoutStep } from "./reactions.js";
import { reactionsStanza, readReactions } from "./stanza.js";
import { summariseReactions } from "./summary.js";

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

test("of any changes, refused in any order, those that were not refused stand", (t) => {
  const sets = fc.array(set, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sets, fc.array(fc.nat(5), { maxLength: 6 }), (changes, refusals) => {
      const key = { accountId: 1, conversation: "c", target: "t", sender: "s", timestamp: new Date(0) };
      const steps = changes.map((_, index) => ({
        stanzaWireId: String(index),
        before: index === 0 ? ["first"] : (changes[index - 1] ?? []),
      }));
      let record: Parameters<typeof withoutStep>[0] = { ...key, emojis: changes.at(-1) ?? [], steps };
      for (const refusal of refusals) record = withoutStep(record, String(refusal));
      const stand = changes.filter((_, index) => !refusals.includes(index));
      t.deepEqual(record.emojis, stand.at(-1) ?? ["first"]);
    }),
  );
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

test("reactions are grouped by emoji whatever its spelling, with who holds each", (t) => {
  const record = (sender: string, ...emojis: string[]) => ({
    accountId: 1,
    conversation: "b@x",
    target: "t",
    sender,
    emojis,
    timestamp: new Date(0),
  });
  const records = [record("b@x", "\u2764", "👍"), record("a@x", "\u2764\ufe0f"), record("room@x/nick", "👍")];
  t.deepEqual(summariseReactions(records, "a@x"), [
    {
      emoji: "\u2764",
      count: 2,
      mine: true,
      senders: [
        { id: "b@x", jid: "b@x", self: false },
        { id: "a@x", jid: "a@x", self: true },
      ],
    },
    {
      emoji: "👍",
      count: 2,
      mine: false,
      senders: [
        { id: "b@x", jid: "b@x", self: false },
        { id: "room@x/nick", jid: undefined, self: false },
      ],
    },
  ]);
});
