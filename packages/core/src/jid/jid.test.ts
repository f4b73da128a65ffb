import test from "ava";
import fc from "fast-check";
import { InvalidParamsError } from "../errors/errors.js";
import { bareJid, formatJid, normaliseJid, parseJid, requireJid, resourceOf } from "./jid.js";

const normal: [given: string, expected: string][] = [
  ["juliet@example.com", "juliet@example.com"],
  ["juliet@example.com/foo", "juliet@example.com/foo"],
  ["juliet@example.com/foo bar", "juliet@example.com/foo bar"],
  ["juliet@example.com/foo@bar", "juliet@example.com/foo@bar"],
  ["juliet@example.com/a/b", "juliet@example.com/a/b"],
  ["foo\\20bar@example.com", "foo\\20bar@example.com"],
  ["fussball@example.com", "fussball@example.com"],
  ["fu\u00dfball@example.com", "fu\u00dfball@example.com"],
  ["\u03c0@example.com", "\u03c0@example.com"],
  ["\u03a3@example.com/foo", "\u03c3@example.com/foo"],
  ["king@example.com/\u265a", "king@example.com/\u265a"],
  ["example.com", "example.com"],
  ["example.com/foobar", "example.com/foobar"],
  ["a.example.com/b@example.net", "a.example.com/b@example.net"],
  ["JULIET@Example.COM/Balcony", "juliet@example.com/Balcony"],
  ["\uff2aULIET@example.com", "juliet@example.com"],
  ["juliet@example.com.", "juliet@example.com"],
  ["juliet@xn--e1afmkfd.xn--p1ai", "juliet@пример.рф"],
  ["juliet@ПРИМЕР.рф", "juliet@пример.рф"],
  ["juliet@[2001:DB8::1]", "juliet@[2001:db8::1]"],
  ["juliet@127.0.0.1", "juliet@127.0.0.1"],
  ["e\u0301@example.com/e\u0301", "\u00e9@example.com/\u00e9"],
  ["juliet@example.com/a\u00a0b", "juliet@example.com/a b"],
];
for (const [given, expected] of normal) {
  test(`${JSON.stringify(given)} is the address ${JSON.stringify(expected)}`, (t) => {
    t.is(normaliseJid(given), expected);
    t.is(normaliseJid(expected), expected, "a normal form is its own normal form");
  });
}

const invalid = [
  "",
  "@",
  "/",
  "@example.com",
  "juliet@",
  "juliet@/foo",
  "juliet@example.com/",
  "/foobar",
  'juliet"@example.com',
  "foo bar@example.com",
  "a&b@example.com",
  "a'b@example.com",
  "a:b@example.com",
  "<a>@example.com",
  "a@b@example.com",
  "a\u0000b@example.com",
  "a\u200bb@example.com",
  "\uff0fa@example.com",
  "juliet@exa mple.com",
  "juliet@example..com",
  "juliet@example.com..",
  "juliet@-example.com",
  "juliet@example.com:5222",
  "juliet@ex%61mple.com",
  "juliet@[::g]",
  "juliet@example.com/a\u0007b",
  "juliet@example.com/\ud800",
  "juliet@example.com/\uffff",
  `${"a".repeat(1024)}@example.com`,
  "♚@example.com",
  "henryⅣ@example.com",
  "a€b@example.com",
  "smile🙂@example.com",
  "quote“d@example.com",
  `juliet@${"a".repeat(64)}.example`,
  `juliet@example.${"ä".repeat(59)}`,
  `juliet@example.com/${"\u00e9".repeat(512)}`,
];
for (const text of invalid) {
  test(`${JSON.stringify(text).slice(0, 60)} is no address`, (t) => {
    t.is(parseJid(text), undefined);
    t.is(bareJid(text), undefined);
    t.throws(() => requireJid(text, "to"), { instanceOf: InvalidParamsError, message: /^to: / });
  });
}

test("a part may have 1023 bytes and not one more", (t) => {
  t.truthy(parseJid(`${"a".repeat(1023)}@example.com/${"b".repeat(1023)}`));
  t.is(parseJid(`example.com/${"b".repeat(1024)}`), undefined);
});

test("a domain of digits stays what it is and is no short form of an IP address", (t) => {
  t.is(normaliseJid("a@1"), "a@1");
  t.is(normaliseJid("a@0x7f.1"), "a@0x7f.1");
  t.is(normaliseJid("a@\uff11\uff12\uff17.1"), "a@127.1");
});

for (const text of [
  "a+b$c=d^e~f|g`h@example.com",
  "joão.ßtraße@example.com",
  "山田・太郎@example.com",
  "παύλος@example.com",
  "מוטל׳ה@example.com",
  "नमस्ते@example.com",
  "d\\27artagnan@example.com",
  `juliet@${"a".repeat(63)}.example`,
])
  test(`${text.slice(0, 40)} is an address`, (t) => t.is(normaliseJid(text), text.normalize("NFC")));

test("a nick with a character newer than this build's Unicode is an address", (t) => {
  t.is(resourceOf("room@example.com/\u{1faff}"), "\u{1faff}");
});

test("the bare address has no resource, and the resource keeps its case", (t) => {
  t.is(bareJid("Romeo@Example.com/Orchard"), "romeo@example.com");
  t.is(resourceOf("romeo@example.com/Orchard"), "Orchard");
  t.is(resourceOf("romeo@example.com"), undefined);
  t.is(bareJid(undefined), undefined);
});

test("normalising twice changes nothing more, whatever the text", (t) => {
  const part = fc.string({ unit: "binary", maxLength: 12 });
  fc.assert(
    fc.property(part, part, part, (local, domain, resource) => {
      for (const text of [`${local}@${domain}/${resource}`, `${local}@example.com/${resource}`, domain]) {
        const once = parseJid(text);
        if (once) t.deepEqual(parseJid(formatJid(once)), once, JSON.stringify(text));
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test("an address reads the same the second time, and what is none stays none, however many came between", (t) => {
  const wanted = { local: "romeo", domain: "montague.lit", resource: "Orchard" };
  for (let round = 0; round < 2; round++) {
    t.deepEqual(parseJid("ROMEO@Montague.lit/Orchard"), wanted);
    t.deepEqual(parseJid("ROMEO@Montague.lit/Orchard"), wanted);
    t.is(parseJid("@montague.lit"), undefined);
    t.is(parseJid("@montague.lit"), undefined);
    for (let n = 0; n < 3000; n++) parseJid(`n${n}@montague.lit`);
  }
});
