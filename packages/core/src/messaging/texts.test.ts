import test from "ava";
import { parseTrustedXml } from "../xml/element.js";
import { readTexts } from "./texts.js";

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
