import test from "ava";
import fc from "fast-check";
import { readXml } from "../read-xml.js";
import { htmlToText, nodesToText, sanitizePost } from "./html.js";
import { plainMarkup } from "./plain-markup.js";
import { readTextConstruct } from "./text-construct.js";
import { xhtmlContent, xhtmlToHtml } from "./xhtml.js";

const names =
  "a abbr b br img img code em span strong p p p h2 div blockquote section ul ol li li table td pre img script style svg select option title".split(
    " ",
  );
const text = fc
  .array(
    fc.constantFrom(
      "a",
      "é",
      " ",
      "\n",
      "&amp;",
      "&amp;amp;",
      "&lt;b&gt;",
      "&lt;!--",
      "&#13;",
      '"',
      "'",
      "　",
      "\u00a0",
      "👋",
      "x y",
    ),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(""));
const attribute = fc.constantFrom(
  ...[
    "href='https://a.example/?x=1;y'",
    "href='xmpp:a@b?;node=x'",
    "href='javascript:x'",
    "href='http://a b'",
    "href='//a'",
    "href='HTTPS://A'",
    "href=''",
    "src='https://a.example/b.jpg?x=1'",
    "src='http://a.example/%20'",
    "src='xmpp:a@b'",
    "src='b.jpg'",
    "alt='a picture'",
    "alt=''",
    "alt='&lt;b&gt; &amp; &quot;&apos; &#10;é 👋'",
    "width='30'",
    "height='30%'",
  ],
  ...[
    "lang='de'",
    "dir='rtl'",
    "lang=''",
    "class='x'",
    "style='x'",
    "onclick='x'",
    "title='x'",
    "xml:lang='de'",
    "xmlns='urn:other'",
    "xmlns='http://www.w3.org/1999/xhtml'",
  ],
);
const { node } = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    text,
    fc
      .tuple(
        fc.constantFrom(...names),
        fc.uniqueArray(attribute, { maxLength: 3, selector: (value) => value.split("=")[0] }),
        fc.array(tie("node"), { maxLength: 3 }),
      )
      .map(
        ([name, attributes, nodes]) =>
          `<${[name, ...attributes].join(" ")}>${name === "br" || name === "img" ? "" : nodes.join("")}</${name}>`,
      ),
  ),
}));

test("what is taken as it is, is what the sanitiser makes of it, and its text too", (t) => {
  let taken = 0;
  fc.assert(
    fc.property(fc.array(node, { minLength: 1, maxLength: 3 }), (nodes) => {
      const construct = readXml(
        `<content xmlns="http://www.w3.org/2005/Atom" type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">${nodes.join("")}</div></content>`,
      );
      const content = xhtmlContent(construct);
      const html = plainMarkup(content);
      if (html === undefined) return;
      taken++;
      const sanitised = sanitizePost(xhtmlToHtml(construct));
      t.is(html, sanitised, nodes.join(""));
      t.is(nodesToText(content), htmlToText(sanitised), nodes.join(""));
    }),
    { numRuns: process.env.LARDER_SOAK ? 200_000 : 10_000 },
  );
  t.true(taken > 500, `${taken}`);
});

/** Ways to put mark-up into a text construct: around it stand direction and language, nothing, or another namespace. */
const wrappers: readonly ((nodes: string) => string)[] = [
  (nodes) => `<div xmlns="http://www.w3.org/1999/xhtml">${nodes}</div>`,
  (nodes) => `<div xmlns="http://www.w3.org/1999/xhtml" dir="rtl">${nodes}</div>`,
  (nodes) => `<div xmlns="http://www.w3.org/1999/xhtml" xml:lang="he" dir="rtl">${nodes}</div>`,
  (nodes) =>
    `<p xmlns="http://www.w3.org/1999/xhtml">${nodes}</p> and <p xmlns="http://www.w3.org/1999/xhtml">${nodes}</p>`,
  (nodes) => `<p xmlns="http://www.w3.org/1999/xhtml">${nodes}</p><p>${nodes}</p>`,
  (nodes) => `<div dir="rtl">${nodes}</div>`,
  (nodes) => nodes,
];

test("a post reads as the sanitiser makes it, whatever stands around its mark-up", (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...wrappers), fc.array(node, { maxLength: 3 }), (wrap, nodes) => {
      const entry = readXml(
        `<entry xmlns="http://www.w3.org/2005/Atom"><content type="xhtml">${wrap(nodes.join(""))}</content></entry>`,
      );
      const [content] = entry.getChildElements();
      const sanitised = content ? sanitizePost(xhtmlToHtml(content)) : "";
      t.deepEqual(readTextConstruct(entry, "content", "body"), {
        others: [],
        notes: [],
        text: htmlToText(sanitised),
        ...(sanitised !== "" && { html: sanitised }),
      });
    }),
    { numRuns: process.env.LARDER_SOAK ? 100_000 : 5_000 },
  );
});

test("what has to be sanitised is not taken as it is", (t) => {
  for (const xml of [
    ...[
      "<script>x</script>",
      "<p onclick='x'>a</p>",
      "<a href='javascript:x'>a</a>",
      "<a href='data:x'>a</a>",
      "<p style='x'/>",
    ],
    ...[
      "<img src='https://a.example/x' onerror='x'/>",
      "<img src='javascript:x'/>",
      "<img alt='x'/>",
      "<img src='https://a.example/x'><b/></img>",
      "<p><p>a</p></p>",
      "<iframe/>",
      "<x:p xmlns:x='http://www.w3.org/1999/xhtml'/>",
      "<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ...["<p>a &#13; b</p>", "<a href='http://a.example/&quot;x'>a</a>", "<P>a</P>", "<textarea/>"],
  ]) {
    t.is(plainMarkup(readXml(`<div>${xml}</div>`).children), undefined, xml);
  }
});
