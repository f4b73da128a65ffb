import test from "ava";
import parseAttachments from "../../dist/parsers/attachments.js";
import parseForm from "../../dist/parsers/form.js";
import parseVCard from "../../dist/parsers/vcard.js";
import { parsed } from "./payload.js";

const form = (inner: string) => parsed(parseForm, `<x xmlns="jabber:x:data" type="submit">${inner}</x>`);
const field = (name: string, values: string[], type = "") =>
  `<field var="${name}"${type && ` type="${type}"`}>${values.map((value) => `<value>${value}</value>`).join("")}</field>`;

test("a ticket in a form gives its fields by name, lists as lists", (t) => {
  t.deepEqual(
    form(
      `<title> Ticket 12 </title>${field("FORM_TYPE", ["urn:example:tickets"], "hidden")}${field("title", ["It breaks"])}
       ${field("labels", ["bug"], "list-multi")}${field("body", ["one", "two"])}${field("open", ["1"], "boolean")}
       ${field("empty", [])}${field("nobody", [], "jid-multi")}${field("", ["no name"])}`,
    ),
    {
      formType: "urn:example:tickets",
      title: "Ticket 12",
      fields: { title: "It breaks", labels: ["bug"], body: ["one", "two"], open: "1", nobody: [] },
    },
  );
});

test("rows of results stand beside the fields (XEP-0004 §3.4)", (t) => {
  t.deepEqual(
    form(
      `<reported>${field("a", [])}</reported><item>${field("a", ["1"])}</item><item>${field("a", ["2"])}</item>`,
    ),
    {
      fields: {},
      items: [{ a: "1" }, { a: "2" }],
    },
  );
});

test("names that are special to JavaScript are fields like any other, and the first of two counts", (t) => {
  const { fields } = form(
    field("__proto__", ["x"]) + field("constructor", ["y"]) + field("a", ["1"]) + field("a", ["2"]),
  ) as { fields: object };
  t.deepEqual(Object.entries(fields), [
    ["__proto__", "x"],
    ["constructor", "y"],
    ["a", "1"],
  ]);
  t.is(Object.getPrototypeOf(fields), Object.prototype);
});

test("what is no form is refused", (t) => {
  t.regex(String(parsed(parseForm, `<x xmlns="jabber:x:oob"/>`)), /^payload: /);
});

const card = (inner: string) =>
  parsed(parseVCard, `<vcard xmlns="urn:ietf:params:xml:ns:vcard-4.0">${inner}</vcard>`);

test("a vCard as clients write it (XEP-0292, RFC 6351)", (t) => {
  t.deepEqual(
    card(`<fn><text>Ada  Lovelace</text></fn><n><surname>Lovelace</surname><given>Ada</given></n>
      <nickname><text>ada</text></nickname><nickname><text>countess</text></nickname><nickname><text>ada</text></nickname>
      <bday><date>18151210</date></bday><adr><locality>London</locality></adr><impp><uri>xmpp:ada@larder.test</uri></impp>
      <email><parameters><pref><integer>2</integer></pref></parameters><text>home@larder.test</text></email>
      <email><parameters><pref><integer>1</integer></pref></parameters><text>work@larder.test</text></email>
      <url><uri>https://ada.example/</uri></url><url><uri>javascript:alert(1)</uri></url>
      <org><text>Analytical Engines</text><text>Notes</text></org><note><text>First line
second line</text></note>`),
    {
      fullName: "Ada Lovelace",
      nicknames: ["ada", "countess"],
      emails: ["work@larder.test", "home@larder.test"],
      urls: ["https://ada.example/"],
      note: "First line\nsecond line",
      birthday: "1815-12-10",
      organization: "Analytical Engines, Notes",
    },
  );
});

test("an empty card, a card in a list of them, and properties in groups", (t) => {
  const nothing = { nicknames: [], emails: [], urls: [] };
  t.deepEqual(card(""), nothing);
  t.deepEqual(card("<fn/><nickname><text> </text></nickname><bday><date/></bday><org/>"), nothing);
  const ns = "urn:ietf:params:xml:ns:vcard-4.0";
  t.like(parsed(parseVCard, `<vcards xmlns="${ns}"><vcard><fn><text>A</text></fn></vcard></vcards>`), {
    fullName: "A",
  });
  t.like(card(`<group name="work"><email><uri>mailto:a@b.example</uri></email></group>`), {
    emails: ["a@b.example"],
  });
  t.like(card("<bday><date>--1210</date></bday>"), { birthday: "--12-10" });
  t.regex(String(parsed(parseVCard, `<vCard xmlns="vcard-temp"/>`)), /^payload: /);
  t.regex(String(parsed(parseVCard, `<vcards xmlns="${ns}"/>`)), /^payload: /);
});

const attachments = (inner: string, xmlns = `xmlns="urn:xmpp:pubsub-attachments:1"`) =>
  parsed(parseAttachments, `<attachments ${xmlns}>${inner}</attachments>`);

test("attachments tell what one entity noticed and how it reacted (XEP-0470 §4.1)", (t) => {
  t.deepEqual(attachments(`<noticed timestamp="2026-07-11T12:07:24Z"/>`), {
    noticed: true,
    noticedAt: "2026-07-11T12:07:24.000Z",
    reactions: [],
  });
  const reactions = `<reactions timestamp="2026-07-11T14:07:48+02:00"><reaction> 🔨 </reaction><reaction>👷</reaction><reaction>🔨</reaction><reaction/></reactions>`;
  const expected = { reactions: ["🔨", "👷"], reactedAt: "2026-07-11T12:07:48.000Z" };
  t.deepEqual(attachments(reactions), expected);
  t.deepEqual(attachments(reactions, ""), expected, "in the namespace of the item, as the examples have it");
  t.deepEqual(attachments(""), { reactions: [] });
});

test("a time that is none costs the time alone, and what is something else is refused", (t) => {
  t.deepEqual(attachments(`<noticed timestamp="yesterday"/>`), { noticed: true, reactions: [] });
  t.regex(String(parsed(parseAttachments, `<attachments xmlns="urn:other"/>`)), /^payload: /);
  t.regex(String(parsed(parseAttachments, `<entry xmlns="http://www.w3.org/2005/Atom"/>`)), /^payload: /);
});

test("a service's summary has the counts beside (XEP-0470 §4.4)", (t) => {
  const summary = (inner: string) =>
    parsed(parseAttachments, `<summary xmlns="urn:xmpp:pubsub-attachments:summary:1">${inner}</summary>`);
  t.deepEqual(
    summary(
      `<noticed count="5"/><reactions><reaction count="2">👷</reaction><reaction>🔨</reaction></reactions>`,
    ),
    { noticedCount: 5, reactions: ["👷", "🔨"], reactionCounts: [2, 1] },
  );
  t.deepEqual(summary(`<noticed count="-1"/>`), { reactions: [], reactionCounts: [] });
});
