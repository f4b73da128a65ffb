import test from "ava";
import type { XmlElement } from "../xml/element.js";
import type { DroppedStanza } from "./options.js";
import { type ParserLimits, StanzaParser } from "./stanza-parser.js";

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:x='urn:x'>";
const limits: ParserLimits = {
  stanzaBytes: 1000,
  stanzaDepth: 10,
  stanzaElements: 100,
  stanzaAttributes: 100,
  elementAttributes: 20,
  stanzaNamespaces: 30,
  unfinishedChars: 100_000,
};

function parse(chunks: string[], given: Partial<ParserLimits> = {}) {
  const parser = new StanzaParser({ ...limits, ...given });
  const seen = {
    elements: [] as XmlElement[],
    dropped: [] as DroppedStanza[],
    errors: [] as string[],
    ends: 0,
  };
  parser.on("element", (element: XmlElement) => seen.elements.push(element));
  parser.on("dropped", (dropped: DroppedStanza) => seen.dropped.push(dropped));
  parser.on("error", (error: Error) => seen.errors.push(error.message));
  parser.on("end", () => seen.ends++);
  for (const chunk of [HEADER, ...chunks]) parser.write(chunk);
  return seen;
}

test("an element keeps the stream's namespaces when it leaves it, and nothing of its tree", (t) => {
  const { elements } = parse(["<message><body>hi</body><x:y/></message><stream:features/>"]);
  const [message, features] = elements;
  t.is(message?.parent, null);
  t.is(message?.getNS(), "jabber:client");
  t.is(message?.getChild("y")?.getNS(), "urn:x");
  t.true(message?.getChildElements()[0]?.parent === message);
  t.true(features?.is("features", "http://etherx.jabber.org/streams"));
  t.notRegex(String(message), /etherx/);
});

test("a stanza that arrives character by character is the same", (t) => {
  const xml = `<message from='a&amp;b' id="1"><body>1 &lt; 2 &#x1F44B; <![CDATA[<&>]]></body></message>`;
  const { elements } = parse([...xml]);
  t.is(elements[0]?.attrs.from, "a&b");
  t.is(elements[0]?.getChildText("body"), "1 < 2 👋 <&>");
});

test("a stanza over the size limit is skipped and told, and the ones around it arrive", (t) => {
  const big = `<message from='m@x' id='big' type='chat'><body>${"a".repeat(2000)}</body><c><d/></c></message>`;
  for (const cut of [1, 7, 100, 10_000]) {
    const text = `<message id='1'/>${big}<message id='2'/>`;
    const chunks = text.match(new RegExp(`.{1,${cut}}`, "g")) ?? [];
    const { elements, dropped, errors } = parse(chunks);
    t.deepEqual(
      elements.map(({ attrs }) => attrs.id),
      ["1", "2"],
      `in pieces of ${cut}`,
    );
    t.like(dropped, [{ name: "message", from: "m@x", id: "big", type: "chat", reason: "size" }]);
    t.true((dropped[0]?.bytes ?? 0) > 2000);
    t.deepEqual(errors, []);
  }
});

test("a stanza of many small elements counts as a whole", (t) => {
  const { elements, dropped } = parse([`<iq id='x'>${"<a/>".repeat(400)}</iq>`], { stanzaElements: 1000 });
  t.is(elements.length, 0);
  t.is(dropped[0]?.reason, "size");
});

test("large attributes count too", (t) => {
  const { elements, dropped } = parse([
    `<iq id='x'><a b='${"c".repeat(1500)}'/></iq><iq c='${"d".repeat(1500)}'/>`,
  ]);
  t.is(elements.length, 0);
  t.is(dropped.length, 2);
});

test("the limit is one of bytes, not of characters", (t) => {
  t.is(parse([`<message><body>${"é".repeat(500)}</body></message>`]).dropped.length, 1);
  t.is(parse([`<message><body>${"e".repeat(500)}</body></message>`]).dropped.length, 0);
});

test("a stanza nested too deeply is dropped, and the stream goes on", (t) => {
  const { elements, dropped } = parse([
    `<iq id='deep'>${"<a>".repeat(10)}${"</a>".repeat(10)}</iq><iq id='next'/>`,
  ]);
  t.like(dropped, [{ id: "deep", reason: "depth" }]);
  t.deepEqual(
    elements.map(({ attrs }) => attrs.id),
    ["next"],
  );
});

test("one text without an end is cut off at the hard cap", (t) => {
  const { errors } = parse(["<message><body>", ...Array.from({ length: 30 }, () => "a".repeat(5000))]);
  t.is(errors.length, 1);
  t.regex(errors[0] ?? "", /without an end/);
});

for (const [what, xml] of [
  ["a comment", "<!-- x -->"],
  ["a processing instruction", "<?php x?>"],
  ["a wrong end tag", "<message></body>"],
  ["an unknown entity", "<message>&lol;</message>"],
  ["a duplicate attribute", "<message a='1' a='2'/>"],
] as const) {
  test(`${what} ends the stream instead of being skipped over`, (t) => {
    const { errors, elements } = parse([xml, "<iq/>"]);
    t.is(errors.length, 1);
    t.false(
      elements.some(({ name }) => name === "iq"),
      "nothing behind it is taken",
    );
  });
}

test("whitespace between stanzas is kept nowhere", (t) => {
  const parser = new StanzaParser(limits);
  const roots: XmlElement[] = [];
  parser.on("start", (root: XmlElement) => roots.push(root));
  parser.write(HEADER);
  for (let index = 0; index < 1000; index++) parser.write(" \n");
  parser.write("<iq/>");
  t.is(roots[0]?.children.length, 0);
});

test("the end of the stream is told once, and nothing after it", (t) => {
  const { ends, elements } = parse(["</stream:stream>", "<message/>"]);
  t.is(ends, 1);
  t.is(elements.length, 0);
});

test("10 MiB of text arrive in little time", (t) => {
  const text = "QUJD".repeat((10 << 20) / 4 - 100);
  const chunks = [`<message><body>`, ...(text.match(/.{1,16384}/g) ?? []), "</body></message>"];
  const begin = process.cpuUsage();
  const { elements, errors, dropped } = parse(chunks, { stanzaBytes: 10 << 20, unfinishedChars: 64 << 20 });
  t.deepEqual([errors, dropped], [[], []]);
  t.is(elements[0]?.getChildText("body")?.length, text.length);
  t.true(process.cpuUsage(begin).user < 3_000_000, "the library's parser takes 4 s and more");
});

const many = (count: number, of: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => of(at)).join("");
const overLimits: [what: string, stanza: string, reason: DroppedStanza["reason"]][] = [
  ["elements", many(101, () => "<a/>"), "elements"],
  ["attributes of one element", `<a ${many(21, (at) => ` a${at}='1'`)}/>`, "attributes"],
  ["attributes of one element that are a million", `<a ${many(1e6, (at) => ` a${at}=''`)}/>`, "attributes"],
  ["attributes of many elements", many(51, () => "<a b='1' c='2'/>"), "attributes"],
  ["declarations of one element", `<a ${many(21, (at) => ` xmlns:a${at}='u'`)}/>`, "attributes"],
  ["declarations of many elements", many(31, () => "<a xmlns='u'/>"), "namespaces"],
];
for (const [what, inside, reason] of overLimits) {
  test(`a stanza with too many ${what} is skipped and told, and the next one arrives`, (t) => {
    const { elements, dropped, errors } = parse(
      [`<message id='1'>${inside}</message><message id='2'><a b='1'/></message>`],
      { stanzaBytes: 1e8, unfinishedChars: 1e8 },
    );
    t.deepEqual(errors, []);
    t.like(dropped, [{ name: "message", id: "1", reason }]);
    t.deepEqual(
      elements.map(({ attrs }) => attrs.id),
      ["2"],
    );
  });
}

test("limits of counts hold for each part of an answer that is taken part by part, and for the rest", (t) => {
  const parser = new StanzaParser({ ...limits, stanzaBytes: 1e6, stanzaElements: 10 });
  const taken: string[] = [];
  const dropped: DroppedStanza[] = [];
  parser.takerOf = () => ({ path: ["items", "item"], take: (part) => taken.push(String(part.attrs.id)) > 0 });
  parser.on("dropped", (each: DroppedStanza) => dropped.push(each));
  const item = (id: number, elements: number) => `<item id='${id}'>${"<a/>".repeat(elements)}</item>`;
  parser.write(`${HEADER}<iq><items>${many(50, (at) => item(at, 5))}</items></iq>`);
  t.is(taken.length, 50);
  t.deepEqual(dropped, []);
  parser.write(`<iq><items>${item(50, 5)}${item(51, 11)}</items></iq>`);
  t.is(taken.at(-1), "50");
  t.like(dropped, [{ name: "iq", reason: "elements" }]);
});

const notNamespaceWellFormed: [what: string, stanza: string][] = [
  ["an element's prefix that nothing declares", "<message><y:a/></message>"],
  ["a stanza's prefix that nothing declares", "<y:message/>"],
  ["an attribute's prefix that nothing declares", "<message y:a='1'/>"],
  ["a prefix whose declaration has ended", "<message><a xmlns:y='u'/><y:b/></message>"],
  ["an element of the prefix xmlns", "<message><xmlns:a/></message>"],
  ["a declaration of the prefix xmlns", "<message xmlns:xmlns='u'/>"],
  ["the prefix xml for another namespace", "<message xmlns:xml='u'/>"],
  ["the namespace of xmlns as default", "<message xmlns='http://www.w3.org/2000/xmlns/'/>"],
  ["a prefix for no namespace", "<message xmlns:y=''/>"],
  ["a name with two colons", "<message><x:a:b/></message>"],
  ["a name that begins with a colon", "<message><:a/></message>"],
  ["a name that ends with a colon", "<message><x:/></message>"],
];
for (const [what, stanza] of notNamespaceWellFormed) {
  test(`the stream ends at ${what}`, (t) => {
    const { elements, errors } = parse([`<message id='1'/>${stanza}<message id='2'/>`]);
    t.deepEqual(
      elements.map(({ attrs }) => attrs.id),
      ["1"],
    );
    t.is(errors.length, 1);
  });
}

test("namespaces are those of XML: undeclared ones are none, and xml: has its own", (t) => {
  const { elements, errors } = parse([
    "<message xml:lang='en'><body xmlns=''>1</body><xml:a/><a xmlns='urn:a'><b/><c xmlns=''><d/></c></a></message>",
  ]);
  t.deepEqual(errors, []);
  const [message] = elements;
  t.is(message?.getChild("body", "jabber:client"), undefined);
  t.is(message?.getChild("body")?.getNS(), "");
  t.is(message?.getChild("a", "http://www.w3.org/XML/1998/namespace")?.name, "xml:a");
  const a = message?.getChild("a", "urn:a");
  t.is(a?.getChild("b")?.getNS(), "urn:a");
  t.is(a?.getChild("c")?.getChild("d")?.getNS(), "");
});

test("what Prosody makes of an attribute like xml:space, which anybody may send, does not end the stream", (t) => {
  const { elements, errors } = parse([
    `<message id='1'><a xmlns='urn:x' xmlns:ns1='http://www.w3.org/XML/1998/namespace' ns1:space='1'/></message>`,
  ]);
  t.deepEqual(errors, []);
  t.is(elements.length, 1);
});

test("an attribute by the name of something that every object has is an attribute", (t) => {
  const { elements } = parse(["<message __proto__='1' constructor='2' hasOwnProperty='3'/>"]);
  const [message] = elements;
  t.regex(String(message), /__proto__="1" constructor="2" hasOwnProperty="3"/);
  t.true(Object.hasOwn(message?.attrs ?? {}, "__proto__"));
});
