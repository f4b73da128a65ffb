import test from "ava";
import { parseTrustedXml } from "../xml/element.js";
import { MAX_LANGUAGES, readTexts } from "./texts.js";

const read = (children: string, attrs = "") =>
  readTexts(parseTrustedXml(`<message xmlns="jabber:client" ${attrs}>${children}</message>`), "body");

test("each language has one text, and the first of a language counts", (t) => {
  t.deepEqual(read('<body>a</body><body xml:lang="de">b</body><body xml:lang="de">c</body><body>d</body>'), [
    { lang: "", text: "a" },
    { lang: "de", text: "b" },
  ]);
});

test("a text without a language has the message's", (t) => {
  t.deepEqual(read('<body>a</body><body xml:lang="">b</body>', 'xml:lang="en"'), [
    { lang: "en", text: "a" },
    { lang: "", text: "b" },
  ]);
});

test("a body of another namespace is no body", (t) => {
  t.deepEqual(read('<body xmlns="http://www.w3.org/1999/xhtml">a</body>'), []);
});

test("of a message in endless languages the first ones are read", (t) => {
  const bodies = Array.from({ length: 1000 }, (_, at) => `<body xml:lang="l${at}">${at}</body>`).join("");
  const texts = read(bodies);
  t.is(texts.length, MAX_LANGUAGES);
  t.deepEqual(texts.at(-1), { lang: `l${MAX_LANGUAGES - 1}`, text: `${MAX_LANGUAGES - 1}` });
});
