import { makeFeed } from "@larder/testing";
import test from "ava";
import parse from "ltx/lib/parse.js";
import parseAtomEntry from "./atom-entry.js";
import type { ParserContext } from "./parser.js";

const context: ParserContext = { service: "alice@larder.test", node: "urn:xmpp:microblog:0" };
const DATES = "<published>2024-05-01T10:00:00Z</published>";

/** Parses an item whose payload is given; `inner` stands in an entry with a date unless it is a whole payload. */
function post(inner: string, publisher?: string) {
  const payload = inner.startsWith("<?whole?>")
    ? inner.slice("<?whole?>".length)
    : `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">${inner}${DATES}</entry>`;
  const xml = `<item xmlns="http://jabber.org/protocol/pubsub" id="i1">${payload}</item>`;
  const [element] = parse(xml).getChildElements();
  if (!element) throw new Error("no payload");
  return parseAtomEntry({ id: "i1", publisher, xml, payload: element }, context);
}

const content = (xhtml: string) =>
  post(`<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">${xhtml}</div></content>`);

test("the post of XEP-0277 gives exactly the contract's fields", (t) => {
  t.deepEqual(
    post(
      `<?whole?><entry xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
        <author><name>Romeo Montague</name><uri>xmpp:romeo@montague.lit</uri></author>
        <title type="text">hanging out at the Caf&#233; Napolitano</title>
        <link rel="alternate" type="text/html" href="http://montague.lit/romeo/posts/1"/>
        <link rel="alternate" href="xmpp:romeo@montague.lit?;node=urn%3Axmpp%3Amicroblog%3A0;item=1cb57d9c"/>
        <link rel="replies" title="comments"
          href="xmpp:pubsub.montague.lit?;node=urn%3Axmpp%3Amicroblog%3A0%3Acomments%2Fdd88"/>
        <category term="humour"/><category term="xmpp"/>
        <id>tag:montague.lit,2008-05-08:posts-1</id>
        <published>2008-05-08T18:30:02Z</published><updated>2008-05-08T20:30:02+01:00</updated>
      </entry>`,
      "romeo@montague.lit/pda",
    ),
    {
      id: "i1",
      title: "hanging out at the Café Napolitano",
      text: "hanging out at the Café Napolitano",
      author: { name: "Romeo Montague", jid: "romeo@montague.lit", verified: true },
      published: "2008-05-08T18:30:02.000Z",
      updated: "2008-05-08T19:30:02.000Z",
      tags: ["humour", "xmpp"],
      lang: "en",
      links: [
        { rel: "alternate", href: "http://montague.lit/romeo/posts/1", type: "text/html" },
        {
          rel: "alternate",
          href: "xmpp:romeo@montague.lit?;node=urn%3Axmpp%3Amicroblog%3A0;item=1cb57d9c",
        },
        {
          rel: "replies",
          href: "xmpp:pubsub.montague.lit?;node=urn%3Axmpp%3Amicroblog%3A0%3Acomments%2Fdd88",
          title: "comments",
        },
      ],
      comments: [
        { service: "pubsub.montague.lit", node: "urn:xmpp:microblog:0:comments/dd88", title: "comments" },
      ],
      attachments: [],
    },
  );
});

test("a payload that is no Atom entry is refused by its name", (t) => {
  for (const payload of [
    `<feed xmlns="http://www.w3.org/2005/Atom"><title>Romeo's Microblog</title></feed>`,
    `<entry xmlns="urn:example:other"/>`,
    "<entry/>",
  ]) {
    const error = t.throws(() => post(`<?whole?>${payload}`), { name: "PayloadError" });
    t.regex(error?.message ?? "", /^payload: .*(feed|entry) is no Atom entry$/);
  }
});

test("an entry is an entry also behind a prefix", (t) => {
  const { title, tags } = post(
    `<?whole?><atom:entry xmlns:atom="http://www.w3.org/2005/Atom"><atom:title>T</atom:title><atom:category term="x"/><atom:updated>2024-05-01T10:00:00Z</atom:updated></atom:entry>`,
  );
  t.deepEqual({ title, tags }, { title: "T", tags: ["x"] });
});

test("of two versions of a content each has its use", (t) => {
  const { text, html } = post(
    `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>in <em>XHTML</em></p></div></content><content type="text">in  plain\ntext </content>`,
  );
  t.is(html, "<p>in <em>XHTML</em></p>");
  t.is(text, "in  plain\ntext");
});

test("an XHTML title is given with mark-up and without, on one line", (t) => {
  const { title, titleHtml } = post(
    `<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>hanging out at\n  <strong onclick="x()">the Café</strong></p></div></title>`,
  );
  t.is(title, "hanging out at the Café");
  t.is(titleHtml, "hanging out at <strong>the Café</strong>");
});

test("where there is no content the summary is the text, and where there is none either, the title", (t) => {
  t.is(post("<title>T</title><summary>S</summary>").text, "S");
  t.is(post("<title>T</title>").text, "T");
  t.is(post("<title/>").title, "");
});

test("content that is elsewhere or of another media type is no text", (t) => {
  t.is(post(`<title>T</title><content type="image/png" src="https://x.example/p.png"/>`).text, "T");
  t.is(post(`<title>T</title><content type="application/octet-stream">AAAA</content>`).text, "T");
});

test("escaped HTML is sanitised and read like XHTML", (t) => {
  const { html, text } = post(
    `<content type="html">&lt;p&gt;one &amp;amp; &amp;nbsp;two&lt;p&gt;three&lt;script&gt;alert(1)&lt;/script&gt;&lt;br&gt;four</content>`,
  );
  t.is(html, "<p>one &amp; \u00a0two</p><p>three<br />four</p>");
  t.is(text, "one & \u00a0two\n\nthree\nfour");
});

test("text from mark-up keeps paragraphs, lists, tables and code apart", (t) => {
  t.is(
    content(
      `<h1>Head</h1><p>a  <b>b</b>c<br/>d</p>text<ul><li>one</li><li><p>two</p><ul><li>deep</li></ul></li></ul><pre>x  y\n  z</pre><table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table><blockquote><p>said</p></blockquote><img src="https://x.example/i.png" alt="a cat"/>`,
    ).text,
    "Head\n\na bc\nd\n\ntext\n- one\n\n- two\n\n- deep\n\nx  y\n  z\n\n1 2\n3\n\nsaid\n\na cat",
  );
});

test("the direction of a whole post is kept", (t) => {
  const { html } = post(
    `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml" dir="rtl"><p>שלום</p></div></content>`,
  );
  t.is(html, `<div dir="rtl"><p>שלום</p></div>`);
});

const hostile: [name: string, xhtml: string, html: string | undefined][] = [
  ["a script", "<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"],
  ["an empty script", "<p>a<script/>b</p>", "<p>ab</p>"],
  ["a style", `<style>p{}</style><p style="color:red" class="c" id="d">a</p>`, "<p>a</p>"],
  ["an event handler", `<p onclick="x()" ONMOUSEOVER="y()">a</p>`, "<p>a</p>"],
  ["a javascript link", `<a href="javascript:x()">a</a>`, "<a>a</a>"],
  ["a disguised javascript link", `<a href="&#10;java&#9;script:x()">a</a>`, "<a>a</a>"],
  ["a data link", `<a href="data:text/html,x">a</a>`, "<a>a</a>"],
  ["a relative link", `<a href="/admin">a</a>`, "<a>a</a>"],
  ["a link without scheme", `<a href="//x.example/">a</a>`, "<a>a</a>"],
  ["a data image", `<p>a<img src="data:image/svg+xml,x"/></p>`, "<p>a</p>"],
  ["an image with a handler", `<img src="x" onerror="y()"/>`, undefined],
  ["a frame", `<iframe src="https://x.example/">inside</iframe><p>a</p>`, "<p>a</p>"],
  ["a form", `<form action="https://x.example/"><input name="a"/><p>b</p></form>`, "<p>b</p>"],
  [
    "SVG",
    `<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script><text>t</text></svg><p>a</p>`,
    "<p>a</p>",
  ],
  [
    "raw text that turns into mark-up",
    `<textarea><p>&lt;img src=x onerror=y&gt;</p></textarea><p>a</p>`,
    "<p>a</p>",
  ],
  ["mark-up in an attribute", `<p title='"&gt;&lt;script&gt;x()&lt;/script&gt;'>a</p>`, "<p>a</p>"],
  ["escaped mark-up", "<p>&lt;script&gt;x()&lt;/script&gt;</p>", "<p>&lt;script&gt;x()&lt;/script&gt;</p>"],
  [
    "an element with a strange name",
    `<p><a:b xmlns:a="http://www.w3.org/1999/xhtml">c</a:b></p>`,
    "<p><b>c</b></p>",
  ],
];
for (const [name, xhtml, html] of hostile) {
  test(`${name} does no harm`, (t) => {
    t.is(content(xhtml).html, html);
  });
}

test("what is harmless stays", (t) => {
  const harmless = `<h2>a</h2><p>b <a href="https://x.example/?a=1&amp;b=2" title="t">c</a> <a href="xmpp:x@y.example">d</a> <code>e</code></p><ol start="3"><li>f</li></ol><img src="https://x.example/i.png" alt="" /><table><tbody><tr><td colspan="2">g</td></tr></tbody></table>`;
  t.is(content(harmless).html, harmless);
});

for (const [name, html] of [
  ["nested too deep", "<b>".repeat(300_000)],
  ["nested too deep in a list", "<ul><li>".repeat(100_000)],
  ["too long", "a ".repeat(600_000)],
] as const) {
  test(`HTML ${name} is refused at once`, (t) => {
    const start = performance.now();
    const escaped = html.replaceAll("<", "&lt;");
    t.throws(() => post(`<content type="html">${escaped}</content>`), { message: /^content: more than / });
    t.true(performance.now() - start < 5000); // a minute without the limit
  });
}

test("XHTML nested 100000 deep costs what is too deep and nothing else", (t) => {
  const { text } = content(`<p>first</p>${"<div>".repeat(100_000)}x${"</div>".repeat(100_000)}<p>last</p>`);
  t.is(text, "first\n\nlast");
});

test("a long post of short lines is read", (t) => {
  t.is(post(`<content type="html">${"&lt;br>x".repeat(50_000)}</content>`).text.length, 99_999);
});

test("an author is verified only by the service's word", (t) => {
  const author = (uri: string, publisher?: string) =>
    post(`<author><name> A  B </name><uri>${uri}</uri><email>a@b.example</email></author>`, publisher).author;
  t.deepEqual(author("xmpp:alice@larder.test", "alice@larder.test"), {
    name: "A B",
    jid: "alice@larder.test",
    email: "a@b.example",
    verified: true,
  });
  for (const [uri, publisher, verified] of [
    ["xmpp:alice@larder.test", "alice@larder.test/phone", true],
    ["xmpp:ALICE@Larder.Test", "alice@larder.test", true],
    ["xmpp:al%69ce@larder.test", "alice@larder.test", true],
    ["xmpp:alice@larder.test/phone", "alice@larder.test", true],
    ["xmpp:jos%C3%A9@b%C3%BCcher.example", "josé@xn--bcher-kva.example", true],
    ["xmpp:alice@larder.test", undefined, false],
    ["xmpp:alice@larder.test", "mallory@larder.test", false],
    ["xmpp:alice@larder.test", "larder.test", false],
    ["xmpp:larder.test", "alice@larder.test", false],
    ["https://larder.test/alice", "alice@larder.test", false],
    ["xmpp:", "alice@larder.test", false],
    ["xmpp:alice%@larder.test", "alice@larder.test", false],
    ["alice@larder.test", "alice@larder.test", false],
  ] as const) {
    t.is(author(uri, publisher).verified, verified, `${uri} by ${publisher}`);
  }
  t.deepEqual(post("").author, { verified: false });
});

test("the publisher may be known to the cache alone", (t) => {
  const xml = `<entry xmlns="http://www.w3.org/2005/Atom"><author><uri>xmpp:a@b.example</uri></author>${DATES}</entry>`;
  const item = { id: "i", xml, payload: parse(xml) };
  t.true(parseAtomEntry(item, { ...context, publisher: "a@b.example" }).author.verified);
});

test("tags are trimmed, once each, in their order", (t) => {
  const { tags } = post(
    `<category term=" b "/><category term="a"/><category term="b"/><category term=""/><category label="c"/><category term="A"/>`,
  );
  t.deepEqual(tags, ["b", "a", "c", "A"]);
});

test("links to nowhere and into scripts are left out", (t) => {
  const { links, comments, attachments } = post(
    `<link/><link href=""/><link href="javascript:x()"/><link rel="replies" href="data:text/html,x"/><link href="/relative"/><link rel="enclosure" href="vbscript:x"/><link href=" https://x.example/&#10; a "/>`,
  );
  t.deepEqual(links, [{ rel: "alternate", href: "https://x.example/a" }]);
  t.deepEqual([comments, attachments], [[], []]);
});

test("only replies with a node in XMPP are comment nodes", (t) => {
  const { comments } = post(
    `<link rel="replies" href="https://x.example/c"/><link rel="replies" href="xmpp:p.example"/><link rel="replies" href="xmpp:p.example?;node=a%2Fb%20c"/><link rel="replies" title="two" href="xmpp:p.example?pubsub;action=retrieve;node=d"/>`,
  );
  t.deepEqual(comments, [
    { service: "p.example", node: "a/b c" },
    { service: "p.example", node: "d", title: "two" },
  ]);
});

test("a reply names its post by id, place and address, broken lines or not (XEP-0472 §4.4)", (t) => {
  const { replyTo } = post(
    `<thr:in-reply-to ref="tag:a" type="application/xhtml+xml" href="http://m.lit/1"/><thr:in-reply-to ref="tag:a" href="xmpp:news.m.lit?;\n   node=fam%3Bily;\n   item=1c"/><thr:in-reply-to ref="tag:b" href="http://m.lit/2"/>`,
  );
  t.deepEqual(replyTo, {
    id: "tag:a",
    url: "http://m.lit/1",
    service: "news.m.lit",
    node: "fam;ily",
    item: "1c",
  });
  t.deepEqual(post(`<thr:in-reply-to ref="tag:a"/>`).replyTo, { id: "tag:a" });
  t.is(post("<thr:in-reply-to/>").replyTo, undefined);
});

test("a repeat names the post that it repeats (XEP-0472 §4.5)", (t) => {
  t.deepEqual(post(`<link rel="via" ref="tag:a" href="xmpp:n.m.lit?;node=f;item=1c"/>`).repeatOf, {
    id: "tag:a",
    service: "n.m.lit",
    node: "f",
    item: "1c",
  });
});

test("enclosures are attachments, with the size where it is a number", (t) => {
  t.deepEqual(
    post(
      `<link rel="enclosure" href="https://x.example/a.jpg" type="image/jpeg" title="A" length="123"/><link rel="enclosure" href="https://x.example/b" length="-5"/>`,
    ).attachments,
    [
      { url: "https://x.example/a.jpg", type: "image/jpeg", size: 123, title: "A" },
      { url: "https://x.example/b" },
    ],
  );
});

test("one date stands in for the other, and none is an error", (t) => {
  const dated = (inner: string) =>
    post(`<?whole?><entry xmlns="http://www.w3.org/2005/Atom">${inner}</entry>`);
  const iso = "2024-05-01T10:00:00.000Z";
  for (const name of ["published", "updated"]) {
    const { published, updated } = dated(`<${name}>2024-05-01T12:00:00+02:00</${name}>`);
    t.deepEqual([published, updated], [iso, iso]);
  }
  t.throws(() => dated(""), { name: "PayloadError", message: /no date/ });
  t.throws(() => dated("<published>2024-05-01T10:00:00Z</published><updated>soon</updated>"), {
    name: "PayloadError",
    message: 'updated: "soon" is not a date',
  });
});

test("a language that is none is left out, and the content may name it", (t) => {
  t.is(post(`<content xml:lang="de-CH">x</content>`).lang, "de-CH");
  t.is(post(`<content xml:lang="&lt;b&gt;">x</content>`).lang, undefined);
});

test("every post of a realistic feed is read, but for those that cannot be dated", (t) => {
  const author = { name: "Alice", jid: "alice@larder.test" };
  const feed = makeFeed({ count: 320, service: "pubsub.larder.test", node: "blog", author });
  for (const { id, payload, title, published, language, tags, oddity } of feed) {
    const item = { id, xml: payload, payload: parse(payload), publisher: "alice@larder.test/x" };
    if (oddity === "wrong-date") {
      t.throws(() => parseAtomEntry(item, context), {
        message: /published: "last Tuesday-ish" is not a date/,
      });
      continue;
    }
    const parsed = parseAtomEntry(item, context);
    if (oddity !== "bidi") t.is(parsed.title, title);
    t.is(parsed.published, published);
    t.is(parsed.lang, language);
    t.deepEqual(parsed.tags, [...new Set(tags)]);
    t.true(parsed.author.verified);
    t.is(parsed.comments[0]?.node, `urn:xmpp:microblog:0:comments/${id}`);
    t.notRegex(`${parsed.html}`, /<script|onerror=|onclick=|javascript:|<iframe|<style/);
    if (oddity !== "no-content") t.true(parsed.text.length > 150, parsed.text);
  }
});
