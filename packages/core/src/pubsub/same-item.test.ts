import test from "ava";
import fc from "fast-check";
import { NS_PUBSUB, NS_PUBSUB_EVENT } from "../namespaces.js";
import { parseTrustedXml } from "../xml/element.js";
import { readItem } from "./item.js";
import { saysTheSame } from "./same-item.js";

const ATOM = "http://www.w3.org/2005/Atom";
const item = (payload: string, publisher?: string) => ({
  publisher,
  xml: `<item xmlns="${NS_PUBSUB}" id="a"${publisher ? ` publisher="${publisher}"` : ""}>${payload}</item>`,
});

for (const [what, one, other] of [
  ["the order of attributes", '<e a="1" b="2"/>', '<e b="2" a="1"/>'],
  ["a prefix", `<entry xmlns="${ATOM}"><title/></entry>`, `<a:entry xmlns:a="${ATOM}"><a:title/></a:entry>`],
  [
    "the place of a declaration",
    '<e xmlns:x="urn:x"><x:a/><x:b/></e>',
    '<e><x:a xmlns:x="urn:x"/><b xmlns="urn:x"/></e>',
  ],
  ["the prefix of an attribute", '<e xmlns:x="urn:x" x:a="1"/>', '<e xmlns:y="urn:x" y:a="1"/>'],
  ["quotes and references", `<e a='"'>&#65;</e>`, '<e a="&quot;">A</e>'],
  ["a CDATA section", "<e>a<![CDATA[<b>]]></e>", "<e>a&lt;b&gt;</e>"],
  ["an empty element with an end tag", "<e></e>", "<e/>"],
  ["the namespace of a notification", `<e xmlns="${NS_PUBSUB_EVENT}"/>`, `<e xmlns="${NS_PUBSUB}"/>`],
  ["a declaration that nothing uses", '<e xmlns:x="urn:x"/>', "<e/>"],
] as const) {
  test(`${what} is no difference`, (t) => {
    t.not(one, other);
    t.true(saysTheSame(item(one), item(other)));
  });
}

for (const [what, one, other] of [
  ["a text", "<e>a</e>", "<e>b</e>"],
  ["white space in a text", "<e>a b</e>", "<e>a  b</e>"],
  ["an attribute's value", '<e a="1"/>', '<e a="2"/>'],
  ["a line end in an attribute", '<e a="1&#10;2"/>', '<e a="1 2"/>'],
  ["the namespace of an element", '<e xmlns="urn:a"/>', '<e xmlns="urn:b"/>'],
  ["the namespace of an attribute", '<e xmlns:x="urn:x" x:a="1"/>', '<e a="1"/>'],
  ["the order of elements", "<e><a/><b/></e>", "<e><b/><a/></e>"],
  ["where a text stands", "<e>a<b/></e>", "<e><b/>a</e>"],
  ["an element inside of another", "<e><a/><b/></e>", "<e><a><b/></a></e>"],
] as const) {
  test(`${what} is a difference`, (t) => t.false(saysTheSame(item(one), item(other))));
}

test("a publisher that is not stated, or stated with a resource, is no difference; another one is", (t) => {
  const by = (publisher?: string) => item("<e/>", publisher);
  t.true(saysTheSame(by("bob@b.example"), by()));
  t.true(saysTheSame(by(), by("bob@b.example")));
  t.true(saysTheSame(by("bob@b.example"), by("bob@b.example/desk")));
  t.false(saysTheSame(by("bob@b.example"), by("carol@b.example")));
});

test("text that is no XML is the same letter for letter only", (t) => {
  t.true(saysTheSame({ xml: "<item>" }, { xml: "<item>" }));
  t.false(saysTheSame({ xml: "<item>" }, { xml: "<item >" }));
});

test("a payload without a namespace of its own is written the same from an event and from an answer", (t) => {
  const read = (wrapper: string, namespace: string, payload: string) => {
    const stanza = parseTrustedXml(
      `<${wrapper} xmlns="${namespace}"><item id="a">${payload}</item></${wrapper}>`,
    );
    const [element] = stanza.getChildElements();
    return element && readItem(element);
  };
  for (const payload of [
    "<entry><title/></entry>",
    '<x:entry xmlns:x="urn:x"><title/></x:entry>',
    '<e xmlns="urn:x"/>',
  ])
    t.deepEqual(read("event", NS_PUBSUB_EVENT, payload), read("pubsub", NS_PUBSUB, payload));
});

test("any item is the same with its attributes in another order and its namespaces declared by prefixes", (t) => {
  const word = fc.constantFrom("a", "b", "c", "d");
  const text = fc.string({ unit: fc.constantFrom("x", "&amp;", "&lt;", " ", "é"), maxLength: 5 });
  interface Tree {
    readonly name: string;
    readonly namespace: string;
    readonly attributes: readonly (readonly [string, string])[];
    readonly children: readonly (string | Tree)[];
  }
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.record({
      name: word,
      namespace: fc.constantFrom("urn:1", "urn:2", ATOM),
      attributes: fc.dictionary(word, text).map((attributes) => Object.entries(attributes)),
      children: fc.array(fc.oneof({ maxDepth: 3 }, text, tie("tree")), { maxLength: 3 }),
    }),
  }));
  const plain = ({ name, namespace, attributes, children }: Tree): string =>
    `<${name} xmlns="${namespace}"${attributes.map(([key, value]) => ` ${key}="${value}"`).join("")}>${children
      .map((child) => (typeof child === "string" ? child : plain(child)))
      .join("")}</${name}>`;
  const other = ({ name, namespace, attributes, children }: Tree): string =>
    `<p:${name}${attributes
      .toReversed()
      .map(([key, value]) => ` ${key}='${value}'`)
      .join("")} xmlns:p='${namespace}'>${children
      .map((child) => (typeof child === "string" ? child : other(child)))
      .join("")}</p:${name}>`;
  fc.assert(
    fc.property(tree, tree, (given, another) => {
      t.true(saysTheSame(item(plain(given)), item(other(given))));
      const equal = JSON.stringify(given) === JSON.stringify(another);
      if (equal) t.true(saysTheSame(item(plain(given)), item(plain(another))));
    }),
  );
});
