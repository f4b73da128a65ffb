import test from "ava";
import { parseTrustedXml } from "../xml/element.js";
import { fallbackRemover } from "./fallback.js";

const without = (body: string, fallbacks: string) =>
  fallbackRemover(parseTrustedXml(`<message xmlns="jabber:client">${fallbacks}</message>`), [
    "urn:xmpp:reply:0",
  ])(body);
const fallback = (inside: string, specification = "urn:xmpp:reply:0") =>
  `<fallback xmlns="urn:xmpp:fallback:0" for="${specification}">${inside}</fallback>`;

const cases: [what: string, body: string, fallbacks: string, left: string][] = [
  ["nothing where there is none", "> a\nb", "", "> a\nb"],
  ["a range", "> a\nb", fallback('<body start="0" end="4"/>'), "b"],
  ["code points, not UTF-16 units", "> 👋🏽\nb", fallback('<body start="0" end="5"/>'), "b"],
  [
    "several ranges, also where they overlap",
    "abcdef",
    fallback('<body start="0" end="2"/><body start="1" end="3"/><body start="5"/>'),
    "de",
  ],
  ["everything where no range is given", "abc", fallback(""), ""],
  ["everything where the body is named as a whole", "abc", fallback("<body/>"), ""],
  ["nothing where the subject alone is named", "abc", fallback("<subject/>"), "abc"],
  ["nothing of another specification", "abc", fallback("", "urn:other"), "abc"],
  ["nothing where a range ends before it begins", "abc", fallback('<body start="2" end="1"/>'), "abc"],
  ["up to the end where a range goes beyond it", "abc", fallback('<body start="1" end="999999999"/>'), "a"],
  ["everything where a range cannot be read", "abc", fallback('<body start="x" end="-1"/>'), ""],
];
for (const [what, body, fallbacks, left] of cases) {
  test(`a fallback takes out ${what}`, (t) => t.is(without(body, fallbacks), left));
}

test("endless ranges over a long body cost what a hundred do", (t) => {
  const body = "a".repeat(200_000);
  const ranges = Array.from({ length: 20_000 }, () => '<body start="1" end="199999"/>').join("");
  t.is(without(body, fallback(ranges)), "aa"); // cut out one by one it took minutes
});
