import test from "ava";
import { InvalidXmlError } from "../errors/errors.js";
import { NS_CLIENT, NS_PUBSUB } from "../namespaces.js";
import { detach, parseTrustedXml, parseUntrustedXml, xml } from "./element.js";

const refused: [what: string, text: string][] = [
  ["nothing", ""],
  ["blanks", " \n "],
  ["text without an element", "hello"],
  ["two elements", "<a/><b/>"],
  ["text after the element", "<a/>b"],
  ["an open element", "<a>"],
  ["crossed tags", "<a><b></a></b>"],
  ["a comment", "<a><!-- c --></a>"],
  ["a comment before the element", "<!-- c --><a/>"],
  ["a processing instruction", "<a><?php x?></a>"],
  ["a document type", "<!DOCTYPE a><a/>"],
  ["an entity declaration", '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'],
  ["an entity that XML does not define", "<a>&nbsp;</a>"],
  ["an attribute given twice", '<a b="1" b="2"/>'],
  ["an attribute without quotes", "<a b=c/>"],
  ["a prefix that nobody declared", "<x:a/>"],
  ["an attribute's prefix that nobody declared", '<a x:b="1"/>'],
  ["a bare ampersand", "<a>R&D</a>"],
  ["a control character", "<a>\u0001</a>"],
  ["a control character as a reference", "<a>&#1;</a>"],
  ["a lone surrogate as a reference", "<a>&#xD800;</a>"],
  ["nesting without an end", "<a>".repeat(100_000)],
  ["deep nesting, well-formed", `${"<a>".repeat(50_000)}${"</a>".repeat(50_000)}`],
];
for (const [what, text] of refused) {
  test(`untrusted XML: ${what} is refused`, (t) => {
    t.throws(() => parseUntrustedXml(text), { instanceOf: InvalidXmlError });
  });
}

const accepted: [what: string, text: string, written: string][] = [
  ["blanks around it", "\n <a/> ", "<a/>"],
  ["an XML declaration", '<?xml version="1.0"?>\n<a/>', "<a/>"],
  ["references", "<a>&lt;&#65;&amp;</a>", "<a>&lt;A&amp;</a>"],
  ["CDATA, as text", "<a><![CDATA[<b>&]]></a>", "<a>&lt;b&gt;&amp;</a>"],
  ["single quotes and blanks in tags", "<a  b = 'c\"' ></a >", '<a b="c&quot;"/>'],
  ["prefixes", '<x:a xmlns:x="urn:x" x:b="1"><x:c/></x:a>', '<x:a xmlns:x="urn:x" x:b="1"><x:c/></x:a>'],
  ["mixed content in its order", "<a>1<b/>2<c/>3</a>", "<a>1<b/>2<c/>3</a>"],
];
for (const [what, text, written] of accepted) {
  test(`untrusted XML: ${what} is read`, (t) => {
    t.is(parseUntrustedXml(text).toString(), written);
  });
}

test("untrusted XML: attributes named like built-ins are attributes", (t) => {
  const text = '<a constructor="1" hasOwnProperty="2"/>';
  t.is(parseUntrustedXml(text).toString(), text);
});

test("detaching keeps the namespace an element inherited, and lets go of the stream", (t) => {
  const stream = parseTrustedXml(`<stream xmlns="${NS_CLIENT}"><message><body>hi</body></message></stream>`);
  const message = stream.getChild("message");
  if (!message) return t.fail();
  t.is(detach(message).toString(), `<message xmlns="${NS_CLIENT}"><body>hi</body></message>`);
  t.is(message.parent, null);
});

test("detaching keeps the prefixes that only an ancestor declares, and only those in use", (t) => {
  const top = parseTrustedXml(
    '<iq xmlns="urn:top" xmlns:a="urn:a" xmlns:b="urn:b" xmlns:c="urn:c"><a:x><b:y k="1"/><z/></a:x></iq>',
  );
  const element = top.getChildElements()[0];
  if (!element) return t.fail();
  const again = parseUntrustedXml(detach(element).toString());
  t.is(again.getNS(), "urn:a");
  t.is(again.getChildElements()[0]?.getNS(), "urn:b");
  t.is(again.getChildElements()[1]?.getNS(), "urn:top");
  t.is(again.attrs["xmlns:c"], undefined);
});

test("detaching keeps the prefix of an attribute", (t) => {
  const top = parseTrustedXml('<iq xmlns="urn:top" xmlns:a="urn:a"><x a:k="1"/></iq>');
  const element = top.getChildElements()[0];
  if (!element) return t.fail();
  t.is(parseUntrustedXml(detach(element).toString()).attrs["xmlns:a"], "urn:a");
});

test("detaching changes nothing of an element that declares what it uses", (t) => {
  const top = parseTrustedXml('<iq xmlns="urn:top" xmlns:a="urn:a"><a:x xmlns:a="urn:other"/></iq>');
  const element = top.getChildElements()[0];
  if (!element) return t.fail();
  t.is(detach(element).toString(), '<a:x xmlns:a="urn:other"/>');
});

test("building leaves out what is undefined, false or null", (t) => {
  t.is(
    xml("a", { b: undefined, c: 0 }, null, false, undefined, "x", 1, [xml("d")]).toString(),
    '<a c="0">x1<d/></a>',
  );
  t.is(xml("a", { xmlns: NS_PUBSUB, b: '"<&' }).toString(), `<a xmlns="${NS_PUBSUB}" b="&quot;&lt;&amp;"/>`);
});
