import type { XmlElement } from "@larder/core";
import { readWebAddress } from "@larder/core/address";
import { baseOf } from "./base.js";
import { NS_ATOM } from "./namespaces.js";
import { comparableJid, readXmppUri } from "./xmpp-uri.js";

/** Who wrote a post, as the post says, and whether that is proved. */
export interface Author {
  readonly name?: string;
  /** Bare JID. */
  readonly jid?: string;
  readonly email?: string;
  /** Web address. */
  readonly url?: string;
  /** Whether the service says that this JID published the item (XEP-0277 §9.1). */
  readonly verified: boolean;
}

/** Authors of one post that are read. */
const MAX_AUTHORS = 50;

function readPerson(element: XmlElement): Omit<Author, "verified"> {
  const child = (name: string) =>
    element.getChildText(name, NS_ATOM)?.replace(/\s+/g, " ").trim() || undefined;
  const uri = child("uri");
  const jid = readXmppUri(uri ?? "")?.service;
  const mail = /^mailto:([^?]+)/i.exec(uri ?? "")?.[1];
  const name = child("name");
  const email = child("email") ?? mail;
  const url = jid === undefined ? readWebAddress(uri, baseOf(element.getChild("uri", NS_ATOM))) : undefined;
  return { ...(name && { name }), ...(jid && { jid }), ...(email && { email }), ...(url && { url }) };
}

/**
 * Reads the authors of an entry, or if it has none those of the feed that it was taken from (RFC 4287 §4.2.1), who are never
 * verified.
 *
 * @returns the first one, and the others
 */
export function readAuthors(
  entry: XmlElement,
  publisher: string | undefined,
): { readonly author: Author; readonly others: readonly Omit<Author, "verified">[] } {
  const own = entry.getChildren("author", NS_ATOM).slice(0, MAX_AUTHORS);
  const source = entry.getChild("source", NS_ATOM);
  const elements =
    own.length > 0 ? own : (source?.getChildren("author", NS_ATOM) ?? []).slice(0, MAX_AUTHORS);
  const [first = {}, ...others] = elements.map(readPerson);
  const { jid } = first;
  const verified =
    own.length > 0 && jid !== undefined && publisher !== undefined && comparableJid(publisher) === jid;
  return { author: { ...first, verified }, others };
}
