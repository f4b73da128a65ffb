import type { XmlElement } from "@larder/core";
import { wholeNumber } from "../payload.js";
import { NS_ATOM, NS_THREAD } from "./namespaces.js";
import { readXmppUri } from "./xmpp-uri.js";

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

/** What a link may lead to. A `javascript:` address has no place among data that front-ends turn into links. */
const SAFE = /^(aesgcm|ftp|geo|https?|magnet|mailto|tel|xmpp):/i;
const WEB = /^https?:/i;

/** An address with white space as URIs have it (none), or undefined where it is missing, relative or unsafe. */
export function safeAddress(text: string | undefined): string | undefined {
  const address = text?.replace(/\s+/g, "");
  return address !== undefined && SAFE.test(address) ? address : undefined;
}

const hrefOf = (element: XmlElement): string | undefined => safeAddress(element.attrs.href);

const optional = (name: string, value: string | undefined) => {
  const trimmed = value?.trim();
  return trimmed ? { [name]: trimmed } : {};
};

/** All links, in their order. */
export function readLinks(entry: XmlElement): Link[] {
  return entry.getChildren("link", NS_ATOM).flatMap((element) => {
    const href = hrefOf(element);
    if (href === undefined) return [];
    const { rel, type, title } = element.attrs;
    return [
      { rel: rel?.trim() || "alternate", href, ...optional("type", type), ...optional("title", title) },
    ];
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
  return firstPost(entry.getChildren("in-reply-to", NS_THREAD));
}

/** The post that this one repeats (XEP-0472 §4.5). */
export function readRepeatOf(entry: XmlElement): PostReference | undefined {
  return firstPost(entry.getChildren("link", NS_ATOM).filter(({ attrs }) => attrs.rel?.trim() === "via"));
}

/** Files that come with the post. */
export function readAttachments(entry: XmlElement): Attachment[] {
  return entry.getChildren("link", NS_ATOM).flatMap((element) => {
    const url = hrefOf(element);
    if (url === undefined || element.attrs.rel?.trim() !== "enclosure") return [];
    const { type, title, length } = element.attrs;
    const size = wholeNumber(length);
    return [
      { url, ...optional("type", type), ...(size !== undefined && { size }), ...optional("title", title) },
    ];
  });
}
