import type { XmlElement } from "@larder/core";
import { readAddress } from "@larder/core/address";
import { wholeNumber } from "../payload.js";
import { baseOf } from "./base.js";
import { NS_ATOM, NS_THREAD } from "./namespaces.js";
import { readXmppUri, withoutBreaks } from "./xmpp-uri.js";

/** An Atom link (RFC 4287 §4.2.7). */
export interface Link {
  readonly rel: string;
  readonly href: string;
  readonly type?: string;
  readonly title?: string;
}

/** A node with comments (XEP-0277 §3). */
export interface CommentsNode {
  readonly service: string;
  readonly node: string;
  readonly title?: string;
}

/** Another post: by its Atom id, by its place in XMPP, by its web address, whichever are known. */
export interface PostReference {
  readonly id?: string;
  readonly service?: string;
  readonly node?: string;
  readonly item?: string;
  readonly url?: string;
}

/** A file (XEP-0472 §5.3). */
export interface Attachment {
  readonly url: string;
  readonly type?: string;
  /** In bytes. */
  readonly size?: number;
  readonly title?: string;
}

/** Links of an entry that are read. */
const MAX_LINKS = 500;
/** RFC 4287 §4.2.7.2: a relation without this prefix means one with it. */
const IANA_RELATION = "http://www.iana.org/assignments/relation/";
const WEB = /^https?:/i;

/** An address of the web, or an `xmpp:` URI with the blanks between its parameters left out. */
function addressIn(element: XmlElement, attribute: "href" | "src"): string | undefined {
  const text = element.attrs[attribute];
  if (text !== undefined && /^\s*xmpp:/i.test(text)) return readAddress(withoutBreaks(text));
  return readAddress(text, baseOf(element));
}

const hrefOf = (element: XmlElement): string | undefined => addressIn(element, "href");

const relationOf = ({ attrs }: XmlElement): string => {
  const rel = attrs.rel?.trim() || "alternate";
  return rel.startsWith(IANA_RELATION) ? rel.slice(IANA_RELATION.length) : rel;
};

const linksOf = (entry: XmlElement): XmlElement[] => entry.getChildren("link", NS_ATOM).slice(0, MAX_LINKS);

const optional = (name: string, value: string | undefined) => {
  const trimmed = value?.trim();
  return trimmed ? { [name]: trimmed } : {};
};

/** All links, in their order. */
export function readLinks(entry: XmlElement): Link[] {
  return linksOf(entry).flatMap((element) => {
    const href = hrefOf(element);
    if (href === undefined) return [];
    const { type, title } = element.attrs;
    return [{ rel: relationOf(element), href, ...optional("type", type), ...optional("title", title) }];
  });
}

/** The nodes where comments are. */
export function readComments(links: readonly Link[]): CommentsNode[] {
  return links.flatMap(({ rel, href, title }) => {
    const uri = rel === "replies" ? readXmppUri(href) : undefined;
    if (uri?.node === undefined) return [];
    return [{ service: uri.service, node: uri.node, ...(title !== undefined && { title }) }];
  });
}

function reference(id: string | undefined, href: string | undefined): PostReference {
  const uri = href === undefined ? undefined : readXmppUri(href);
  return { ...optional("id", id), ...uri, ...(href !== undefined && WEB.test(href) && { url: href }) };
}

/** The first post that several elements name in several ways: those with the same Atom id speak of the same one. */
function firstPost(elements: readonly XmlElement[]): PostReference | undefined {
  const references = elements.map((element) => reference(element.attrs.ref, hrefOf(element)));
  const first = references.find(({ service }) => service !== undefined) ?? references[0];
  if (!first) return undefined;
  const same = references.filter(({ id }) => id === first.id);
  const merged = Object.assign({}, ...same.reverse(), first);
  return Object.keys(merged).length > 0 ? merged : undefined;
}

/** The post that this one answers (XEP-0472 §4.4, RFC 4685 §3); of several the first that is in XMPP. */
export function readReplyTo(entry: XmlElement): PostReference | undefined {
  return firstPost(entry.getChildren("in-reply-to", NS_THREAD).slice(0, MAX_LINKS));
}

/** The post that this one repeats (XEP-0472 §4.5). */
export function readRepeatOf(entry: XmlElement): PostReference | undefined {
  return firstPost(linksOf(entry).filter((link) => relationOf(link) === "via"));
}

/** Files that come with the post, and its content if that stands elsewhere (RFC 4287 §4.1.3.2). */
export function readAttachments(entry: XmlElement): Attachment[] {
  const enclosures = linksOf(entry).flatMap((element) => {
    const url = hrefOf(element);
    if (url === undefined || relationOf(element) !== "enclosure") return [];
    const { type, title, length } = element.attrs;
    const size = wholeNumber(length);
    return [
      { url, ...optional("type", type), ...(size !== undefined && { size }), ...optional("title", title) },
    ];
  });
  const elsewhere = entry.getChildren("content", NS_ATOM).slice(0, MAX_LINKS);
  return [
    ...enclosures,
    ...elsewhere.flatMap((content) => {
      const url = addressIn(content, "src");
      return url === undefined ? [] : [{ url, ...optional("type", content.attrs.type) }];
    }),
  ];
}
