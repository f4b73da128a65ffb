import { compose, type Post } from "./compose.js";
import { escapeXml, toText, toXhtml } from "./markup.js";
import { HOSTILE_XHTML, ODD_IDS, type Oddity, oddities } from "./oddity.js";
import { Random } from "./random.js";

/** What {@link makeFeed} makes, and for whom. */
export interface FeedOptions {
  readonly count: number;
  /** Another seed gives another feed; default 1. Item number i does not depend on `count`. */
  readonly seed?: number;
  /** JID of the service that hosts the node. */
  readonly service: string;
  readonly node: string;
  /** Who writes; `jid` is a bare JID. */
  readonly author: { readonly name: string; readonly jid: string };
  /** Whether one item of 20 is awkward, in turn in each of the ways of {@link oddities}; default true. */
  readonly awkward?: boolean;
}

/** One item of a feed. */
export interface FeedItem {
  readonly id: string;
  /** The payload: an Atom `<entry/>` as XML text (XEP-0277 §3, XEP-0472 §4). */
  readonly payload: string;
  /** The title's text; empty with the oddity `no-title`. */
  readonly title: string;
  /** When it was meant to be published, ISO 8601 UTC; later items are later. */
  readonly published: string;
  /** Language tag (BCP 47). */
  readonly language: string;
  /** The categories as they stand in the payload. */
  readonly tags: readonly string[];
  readonly oddity?: Oddity;
}

const EPOCH = Date.UTC(2020, 0, 1);
const HOUR = 3_600_000;
const AWKWARD_EVERY = 20;

const publishedAt = (random: Random, index: number) => EPOCH + index * HOUR + random.below(50) * 60_000;

function oddityOf(index: number, awkward: boolean): Oddity | undefined {
  if (!awkward || index % AWKWARD_EVERY !== AWKWARD_EVERY - 1) return undefined;
  return oddities[Math.floor(index / AWKWARD_EVERY) % oddities.length];
}

function idOf(options: FeedOptions, index: number): string {
  const random = new Random(options.seed ?? 1, index, 0x1d);
  const date = new Date(publishedAt(random, index)).toISOString().slice(0, 10);
  const plain = `${date}-${String(index).padStart(6, "0")}-${random.hex(4)}`;
  if (oddityOf(index, options.awkward ?? true) !== "odd-id") return plain;
  return `${random.pick(ODD_IDS)} ${plain}`;
}

function xmppUri(service: string, node: string, item?: string): string {
  const tail = item === undefined ? "" : `;item=${encodeURIComponent(item)}`;
  return `xmpp:${service}?;node=${encodeURIComponent(node)}${tail}`;
}

const element = (name: string, text: string, attributes = "") =>
  `<${name}${attributes}>${escapeXml(text)}</${name}>`;

function titleXml(post: Post, oddity: Oddity | undefined, random: Random): string {
  if (oddity === "no-title") return "";
  const text = oddity === "bidi" ? `\u202e${post.title}\u202c 123 (\u200f!\u200e)` : post.title;
  const plain = element("title", text, ' type="text"');
  if (!random.chance(15)) return plain;
  const xhtml = `<div xmlns="http://www.w3.org/1999/xhtml"><strong>${escapeXml(text)}</strong></div>`;
  return `${plain}<title type="xhtml">${xhtml}</title>`;
}

function contentXml(post: Post, oddity: Oddity | undefined, link: string): string {
  if (oddity === "no-content") return "";
  const xhtml = toXhtml(post, link);
  if (oddity === "html") return element("content", xhtml, ' type="html"');
  const inner = oddity === "hostile" ? HOSTILE_XHTML + xhtml : xhtml;
  const rtl = post.language.direction === "rtl" ? ' dir="rtl"' : "";
  const div = `<div xmlns="http://www.w3.org/1999/xhtml"${rtl}>${inner}</div>`;
  const text = element("content", toText(post), ' type="text"');
  return `<content type="xhtml">${div}</content>${text}`; // XEP-0472 §4.2: XHTML never without a text version
}

function linksXml(options: FeedOptions, index: number, id: string, random: Random): string {
  const { service, node } = options;
  const http = `https://blog.example/${encodeURIComponent(id)}`;
  const link = (attributes: Readonly<Record<string, string>>) =>
    `<link${Object.entries(attributes)
      .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
      .join("")}/>`;
  const comments = xmppUri(service, `urn:xmpp:microblog:0:comments/${id}`);
  const parts = [
    link({ rel: "alternate", type: "text/html", href: http }),
    link({ rel: "alternate", href: xmppUri(service, node, id) }),
    link({ rel: "replies", title: "comments", href: comments }),
  ];
  if (random.chance(10)) {
    const href = `https://pictures.example/${random.hex(12)}.jpg`;
    const length = String(20_000 + random.below(900_000));
    parts.push(link({ rel: "enclosure", type: "image/jpeg", title: "picture", length, href }));
  }
  if (index > 0 && random.chance(5)) {
    const other = idOf(options, random.below(index));
    parts.push(link({ rel: "via", href: xmppUri(service, node, other), ref: `urn:larder-feed:${other}` }));
  }
  if (index > 0 && random.chance(6)) {
    const other = idOf(options, random.below(index));
    parts.push(
      `<thr:in-reply-to xmlns:thr="http://purl.org/syndication/thread/1.0" ref="${escapeXml(
        `urn:larder-feed:${other}`,
      )}" href="${escapeXml(xmppUri(service, node, other))}"/>`,
    );
  }
  return parts.join("");
}

function makeItem(options: FeedOptions, index: number): FeedItem {
  const seed = options.seed ?? 1;
  const random = new Random(seed, index);
  const oddity = oddityOf(index, options.awkward ?? true);
  const id = idOf(options, index);
  const post = compose(random);
  const time = publishedAt(new Random(seed, index, 0x1d), index);
  const published = new Date(time).toISOString();
  const updated = random.chance(15) ? new Date(time + random.below(72) * HOUR).toISOString() : published;
  const tags =
    oddity === "many-tags" ? Array.from({ length: 300 }, (_, i) => `tag ${i % 250}`) : [...post.tags];
  const { name, jid } = options.author;
  const summary = random.chance(20)
    ? (post.blocks[0] as { sentences?: readonly string[] }).sentences?.[0]
    : undefined;
  const payload = [
    `<entry xmlns="http://www.w3.org/2005/Atom" xml:lang="${post.language.code}">`,
    titleXml(post, oddity, random),
    summary === undefined ? "" : element("summary", summary, ' type="text"'),
    contentXml(post, oddity, `https://blog.example/${encodeURIComponent(id)}`),
    `<author>${element("name", name)}${element("uri", `xmpp:${jid}`)}</author>`,
    ...tags.map((tag) => `<category term="${escapeXml(tag)}"/>`),
    linksXml(options, index, id, random),
    element("id", `urn:larder-feed:${id}`),
    element("published", oddity === "wrong-date" ? "last Tuesday-ish" : published.replace(".000Z", "Z")),
    element("updated", oddity === "wrong-date" ? "2024-02-30T25:61:00" : updated.replace(".000Z", "Z")),
    "</entry>",
  ].join("");
  const title = oddity === "no-title" ? "" : post.title;
  return { id, payload, title, published, language: post.language.code, tags, ...(oddity && { oddity }) };
}

/**
 * A made-up blog that reads like a real one: everyday posts of about 1.5 KB of text in 13 languages, as microblog
 * entries (XEP-0277, XEP-0472), from the oldest to the newest, an hour apart. The same options give the same feed.
 */
export function makeFeed(options: FeedOptions): FeedItem[] {
  return Array.from({ length: options.count }, (_, index) => makeItem(options, index));
}
