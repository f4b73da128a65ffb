import test from "ava";
import { searchableText } from "./item-text.js";

const item = "<item id='1'><e xmlns='urn:e' title='attribute'><b>bold</b>text<i>x</i></e></item>";
const words = (parsed: unknown) => searchableText(item, parsed).split(/\s+/).filter(Boolean);

test("an unparsed item is found by its character data, with the words apart, and never by mark-up", (t) => {
  t.deepEqual(words(undefined), ["bold", "text", "x"]);
});

test("a parsed one by title, text, summary, tags and the author's name", (t) => {
  const parsed = {
    title: "T",
    text: "X",
    summary: "S",
    tags: ["g1", 2, "g2"],
    author: { name: "N", jid: "hidden" },
    html: "<p>hidden</p>",
  };
  t.deepEqual(words(parsed).toSorted(), ["N", "S", "T", "X", "g1", "g2"]);
});

test("parsed data without any of these, or of another shape, leaves the character data", (t) => {
  for (const parsed of [{}, { title: 1 }, { tags: "x" }, { author: null }, [], null, "text", 3]) {
    t.deepEqual(words(parsed), ["bold", "text", "x"], JSON.stringify(parsed));
  }
});

test("other types are found by what people read in them", (t) => {
  t.deepEqual(
    words({ name: "N", categories: ["c"], location: { name: "L", geo: [1, 2] }, rsvp: { title: "hidden" } }),
    ["N", "c", "L"],
  );
  t.deepEqual(words({ formType: "hidden", fields: { a: "1", b: ["2", "3"] }, items: [{ c: "4" }] }), [
    "1",
    "2",
    "3",
    "4",
  ]);
  t.deepEqual(words({ fullName: "F", nicknames: ["n"], note: "o", organization: "g", birthday: "hidden" }), [
    "F",
    "g",
    "n",
    "o",
  ]);
});

test("a bookmark's password is never among the words", (t) => {
  const xml =
    "<item id='r@x'><conference xmlns='urn:xmpp:bookmarks:1'><password>secret</password></conference></item>";
  t.is(searchableText(xml, { jid: "r@x", autojoin: false }), "r@x");
});

test("an item nested a hundred thousand deep is read like any other", (t) => {
  const deep = `${"<a>".repeat(100_000)}word${"</a>".repeat(100_000)}`;
  t.is(searchableText(`<item>${deep}</item>`, undefined).trim(), "word");
});

test("names, tags and authors come before what may be long, and further languages after it", (t) => {
  t.deepEqual(
    words({
      text: "long",
      title: "T",
      tags: ["t"],
      author: { name: "A" },
      coAuthors: [{ name: "B", email: "hidden", url: "hidden" }],
      otherLanguages: [{ lang: "hidden", title: "Ü", text: "lang" }],
    }),
    ["T", "t", "A", "B", "long", "Ü", "lang"],
  );
});
