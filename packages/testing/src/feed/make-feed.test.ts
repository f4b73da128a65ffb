import test from "ava";
import parse from "ltx/lib/parse.js";
import { type FeedOptions, makeFeed } from "./make-feed.js";
import { oddities } from "./oddity.js";

const options = (count: number, more: Partial<FeedOptions> = {}): FeedOptions => ({
  count,
  service: "pubsub.larder.test",
  node: "urn:xmpp:microblog:0",
  author: { name: "Alice <& friends>", jid: "alice@larder.test" },
  ...more,
});

test("the same options give the same feed, and a longer one begins with the shorter", (t) => {
  const long = makeFeed(options(120));
  t.deepEqual(makeFeed(options(120)), long);
  t.deepEqual(makeFeed(options(40)), long.slice(0, 40));
  t.notDeepEqual(makeFeed(options(40, { seed: 2 })), long.slice(0, 40));
});

test("every payload is an Atom entry with the fields that the item names", (t) => {
  for (const item of makeFeed(options(400))) {
    const entry = parse(item.payload);
    t.true(entry.is("entry", "http://www.w3.org/2005/Atom"));
    t.is(entry.attrs["xml:lang"], item.language);
    t.deepEqual(
      entry.getChildren("category").map(({ attrs }) => attrs.term),
      [...item.tags],
    );
    t.is(entry.getChild("author")?.getChildText("uri"), "xmpp:alice@larder.test");
    t.is(entry.getChild("author")?.getChildText("name"), "Alice <& friends>");
    if (item.oddity === undefined) {
      t.is(entry.getChildText("title"), item.title);
      t.is(new Date(entry.getChildText("published") ?? "").toISOString(), item.published);
      t.deepEqual(
        entry.getChildren("content").map(({ attrs }) => attrs.type),
        ["xhtml", "text"],
      );
    }
    t.notRegex(item.payload, /\{n\}|undefined/);
  }
});

test("ids are different, and dates rise", (t) => {
  const feed = makeFeed(options(1000));
  t.is(new Set(feed.map(({ id }) => id)).size, 1000);
  const dates = feed.map(({ published }) => published);
  t.deepEqual(dates, [...dates].sort());
});

test("a feed has about 1.5 KB of text an item, in 13 languages", (t) => {
  const feed = makeFeed(options(1000, { awkward: false }));
  const sizes = feed.map(({ payload }) => {
    const [, text] = parse(payload).getChildren("content");
    return Buffer.byteLength(text?.text() ?? "");
  });
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  t.true(mean > 1300 && mean < 1700, `mean ${mean}`);
  t.true(Math.min(...sizes) > 800, `smallest ${Math.min(...sizes)}`);
  t.is(new Set(feed.map(({ language }) => language)).size, 13);
  t.false(feed.some(({ oddity }) => oddity !== undefined));
});

test("each oddity turns up within 160 items", (t) => {
  const found = new Map(makeFeed(options(160)).map((item) => [item.oddity, item]));
  for (const oddity of oddities) t.true(found.has(oddity), oddity);
  const entry = (oddity: (typeof oddities)[number]) => parse(found.get(oddity)?.payload ?? "<none/>");
  t.is(entry("no-content").getChild("content"), undefined);
  t.is(entry("no-title").getChild("title"), undefined);
  t.is(entry("html").getChild("content")?.attrs.type, "html");
  t.regex(found.get("hostile")?.payload ?? "", /<script>/);
  t.is(entry("many-tags").getChildren("category").length, 300);
  t.true(Number.isNaN(Date.parse(entry("wrong-date").getChildText("published") ?? "")));
  t.regex(found.get("bidi")?.payload ?? "", /\u202e/);
  t.regex(found.get("odd-id")?.id ?? "", /[^A-Za-z0-9-]/);
});
