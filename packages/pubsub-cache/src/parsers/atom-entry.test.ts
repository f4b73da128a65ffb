import { makeFeed } from "@larder/testing";
import test from "ava";
import parse from "ltx/lib/parse.js";
import parseAtomEntry from "./atom-entry.js";
import type { ParserContext } from "./parser.js";

const CREATED = "2020-02-02T02:02:02.000Z";
const context: ParserContext = {
  service: "alice@larder.test",
  node: "urn:xmpp:microblog:0",
  created: CREATED,
};
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

const mutations = [
  "<svg><textarea><img src=x onerror=y()></textarea></svg>",
  "<textarea></textarea/><img src=x onerror=y()>",
  "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=y()&gt;'>",
  '<noscript><p title="</noscript><img src=x onerror=y()>">',
  "<svg></p><style><a id='</style><img src=1 onerror=y()>'>",
  "<xmp><p title='</xmp><img src=x onerror=y()>'>",
  "<form><math><mtext></form><form><mglyph><style></math><img src onerror=y()>",
  "<svg><animate attributeName=href values='#a;javascript:y()'><a>x</a></svg>",
  "<title><a title='</title><img src=x onerror=y()>'>",
  "<a href='javascript&colon;y()'>x</a><a href='java&Tab;script:y()'>x</a>",
];
for (const html of mutations) {
  test(`mark-up that another parser reads otherwise stays harmless: ${html.slice(0, 40)}`, (t) => {
    const escaped = html.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const once = post(`<content type="html">${escaped}</content>`).html ?? "";
    t.notRegex(once, /<[^>]*\son|javascript|<(svg|math|style|xmp|textarea|noscript|title)/i, once);
    const again = once.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    t.is(
      post(`<content type="html">${again}</content>`).html ?? "",
      once,
      "reading it again changes nothing",
    );
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
  test(`HTML ${name} is left out at once, with a note`, (t) => {
    const start = performance.now();
    const escaped = html.replaceAll("<", "&lt;");
    const { title, html: kept, notes } = post(`<title>T</title><content type="html">${escaped}</content>`);
    t.deepEqual([title, kept], ["T", undefined]);
    t.regex(notes?.[0] ?? "", /^content: more than /);
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

const dated = (inner: string, created?: string) => {
  const xml = `<entry xmlns="http://www.w3.org/2005/Atom">${inner}</entry>`;
  return parseAtomEntry({ id: "i1", xml, payload: parse(xml) }, { ...context, created });
};

test("one date stands in for the other, and the item's for both", (t) => {
  const iso = "2024-05-01T10:00:00.000Z";
  for (const name of ["published", "updated"]) {
    const { published, updated, notes } = dated(`<${name}>2024-05-01T12:00:00+02:00</${name}>`);
    t.deepEqual([published, updated, notes], [iso, iso, undefined]);
  }
  t.like(dated("<published>2024-05-01T10:00:00Z</published><updated>soon</updated>"), {
    published: iso,
    updated: iso,
    notes: ['updated: "soon" is not a date'],
  });
  t.like(dated("<published>soon</published><updated>2024-05-01T10:00:00Z</updated>"), {
    published: iso,
    updated: iso,
    notes: ['published: "soon" is not a date', "published: updated stands in for it"],
  });
  t.like(dated("<title>T</title>", CREATED), {
    title: "T",
    published: CREATED,
    updated: CREATED,
    notes: ["published: the time of the item stands in for it"],
  });
  t.throws(() => dated("<published>soon</published>"), { name: "PayloadError", message: /no date/ });
});

test("relative addresses are resolved by xml:base, nested in entry, link, content and elements inside", (t) => {
  const { links, html, attachments } = post(`<?whole?><entry xmlns="http://www.w3.org/2005/Atom"
    xml:base="https://blog.example/posts/"><updated>2024-05-01T10:00:00Z</updated>
    <link href="1"/><link xml:base="../files/" rel="enclosure" href="a b.mp3"/><link xml:base="javascript:x/" href="2"/>
    <content type="xhtml" xml:base="deep/"><div xmlns="http://www.w3.org/1999/xhtml"><p><a href="x">x</a><span xml:base="/y/"><img
      src="y.png" alt="y"/></span><a href="javascript:z()">z</a></p></div></content></entry>`);
  t.deepEqual(
    links.map(({ href }) => href),
    ["https://blog.example/posts/1", "https://blog.example/files/a%20b.mp3", "https://blog.example/posts/2"],
  );
  t.is(
    html,
    '<p><a href="https://blog.example/posts/deep/x">x</a><span><img src="https://blog.example/y/y.png" alt="y" /></span><a>z</a></p>',
  );
  t.deepEqual(attachments, [{ url: "https://blog.example/files/a%20b.mp3" }]);
});

test("relative addresses of escaped HTML are resolved too, and stay out without a base", (t) => {
  const withBase = (base: string) =>
    post(
      `<content type="html"${base}>&lt;a href="/a">a&lt;/a>&lt;q cite="q">q&lt;/q>&lt;img src="i.png" alt="">&lt;a href="//x.example/">x&lt;/a></content>`,
    ).html;
  t.is(
    withBase(' xml:base="https://b.example/c/"'),
    '<a href="https://b.example/a">a</a><q cite="https://b.example/c/q">q</q><img src="https://b.example/c/i.png" alt="" /><a href="https://x.example/">x</a>',
  );
  t.is(withBase(""), "<a>a</a><q>q</q><a>x</a>");
  t.is(withBase(' xml:base="data:text/html,x"'), "<a>a</a><q>q</q><a>x</a>");
});

const relativeInDisguise = [
  "https:/logout",
  "https:settings",
  "http:///x",
  "https:\\\\x.example",
  "HTTPS:logout",
];
for (const address of relativeInDisguise) {
  test(`${address}, which browsers read as relative, is no address in links, images, quotes and files`, (t) => {
    const shown = content(
      `<a href="${address}">a</a><img src="${address}" alt="i"/><q cite="${address}">q</q><blockquote cite="${address}">b</blockquote>`,
    );
    t.is(shown.html, "<a>a</a><q>q</q><blockquote>b</blockquote>");
    const entry = post(
      `<link href="${address}"/><link rel="enclosure" href="${address}"/><content src="${address}"/>`,
    );
    t.deepEqual([entry.links, entry.attachments], [[], []]);
    t.is(post(`<author><uri>${address}</uri></author>`).author.url, undefined);
  });
}

test("white space inside an address is part of it, and goes at ends and line breaks", (t) => {
  const { links, comments } = post(
    `<link href=" https://x.example/my first\n  song.mp3 "/><link rel="replies" href="xmpp:p.example?;node=my node"/>`,
  );
  t.deepEqual(
    links.map(({ href }) => href),
    ["https://x.example/my%20firstsong.mp3", "xmpp:p.example?;node=my%20node"],
  );
  t.deepEqual(comments, [{ service: "p.example", node: "my node" }]);
});

const kinds: [type: string, inside: string, text: string][] = [
  ["text/markdown", "# A *b*", "# A *b*"],
  ["text/html; charset=utf-8", "&lt;p>a &lt;b>b&lt;/b>&lt;/p>", "a b"],
  ["", "plain", "plain"],
  ["TEXT/PLAIN", "plain", "plain"],
  ["text", '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p><p>b</p></div>', "a\n\nb"],
  ["application/xml", "<x xmlns='urn:x'><y>one</y> two</x>", "one two"],
  ["application/x-unknown", "words, not base64", "words, not base64"],
];
for (const [type, inside, text] of kinds) {
  test(`content of the type "${type}" has its text`, (t) => {
    t.is(post(`<title>T</title><content type="${type}">${inside}</content>`).text, text);
  });
}

test("a relation of IANA's is the same with its prefix, and content that stands elsewhere is a file", (t) => {
  const { links, attachments } = post(
    `<link rel="http://www.iana.org/assignments/relation/enclosure" href="https://x.example/a"/><content type="image/png" src="https://x.example/p.png"/>`,
  );
  t.is(links[0]?.rel, "enclosure");
  t.deepEqual(attachments, [
    { url: "https://x.example/a" },
    { url: "https://x.example/p.png", type: "image/png" },
  ]);
});

test("further authors, their mail and web addresses, and those of the source are read", (t) => {
  const two = post(
    "<author><name>A</name><uri>https://a.example/</uri></author><author><name>B</name><uri>mailto:b@b.example</uri></author>",
  );
  t.deepEqual(two.author, { name: "A", url: "https://a.example/", verified: false });
  t.deepEqual(two.coAuthors, [{ name: "B", email: "b@b.example" }]);
  const taken = post(
    "<source><author><name>S</name><uri>xmpp:s@x.example</uri></author></source>",
    "s@x.example",
  );
  t.deepEqual(taken.author, { name: "S", jid: "s@x.example", verified: false });
});

test("titles and texts in further languages are kept beside those of the first", (t) => {
  const { title, text, otherLanguages } = post(
    `<title xml:lang="en">Bread</title><title xml:lang="de">Brot</title><content xml:lang="en">rye</content><content xml:lang="de">Roggen</content><summary xml:lang="fr">seigle</summary><summary xml:lang="de">kurz</summary>`,
  );
  t.deepEqual([title, text], ["Bread", "rye"]);
  t.deepEqual(otherLanguages, [{ lang: "de", title: "Brot", text: "Roggen" }]);
});

test("links of schemes that are not shown are kept as links, and dangerous ones are not", (t) => {
  const { links } = post(
    `<link href="gemini://x.example/"/><link href="urn:isbn:1"/><link href="javascript:x()"/><link href="data:,x"/>`,
  );
  t.deepEqual(
    links.map(({ href }) => href),
    ["gemini://x.example/", "urn:isbn:1"],
  );
  t.is(content(`<a href="gemini://x.example/">a</a>`).html, "<a>a</a>");
});

test("endless links, tags and authors are read up to a limit", (t) => {
  const many = (of: string) => of.repeat(2000);
  const entry = post(
    `${many('<link rel="enclosure" href="https://x.example/a"/>')}${Array.from({ length: 2000 }, (_, at) => `<category term="t${at}"/>`).join("")}${many("<author><name>A</name></author>")}`,
  );
  t.deepEqual(
    [entry.links.length, entry.attachments.length, entry.tags.length, entry.coAuthors?.length],
    [500, 500, 500, 49],
  );
});

test("a language that is none is left out, and the content may name it", (t) => {
  t.is(post(`<content xml:lang="de-CH">x</content>`).lang, "de-CH");
  t.is(post(`<content xml:lang="&lt;b&gt;">x</content>`).lang, undefined);
});

test("every post of a realistic feed is read, also those that cannot be dated", (t) => {
  const author = { name: "Alice", jid: "alice@larder.test" };
  const feed = makeFeed({ count: 320, service: "pubsub.larder.test", node: "blog", author });
  for (const { id, payload, title, published, language, tags, oddity } of feed) {
    const item = { id, xml: payload, payload: parse(payload), publisher: "alice@larder.test/x" };
    if (oddity === "wrong-date") {
      t.is(parseAtomEntry(item, context).published, CREATED);
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
