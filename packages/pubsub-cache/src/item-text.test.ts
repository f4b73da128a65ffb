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
