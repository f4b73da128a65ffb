import type { XmlElement } from "@larder/core";
import { NS_ATOM } from "./namespaces.js";
import { comparableJid, readXmppUri } from "./xmpp-uri.js";

/** Who wrote a post, as the post says, and whether that is proved. */
export interface Author {
  readonly name?: string;
  /** Bare JID. */
  readonly jid?: string;
  readonly email?: string;
  /** Whether the service says that this JID published the item (XEP-0277 §9.1). */
  readonly verified: boolean;
}

/** Reads the first author. */
export function readAuthor(entry: XmlElement, publisher: string | undefined): Author {
  const element = entry.getChild("author", NS_ATOM);
  const child = (name: string) =>
    element?.getChildText(name, NS_ATOM)?.replace(/\s+/g, " ").trim() || undefined;
  const name = child("name");
  const email = child("email");
  const jid = readXmppUri(child("uri") ?? "")?.service;
  const verified = jid !== undefined && publisher !== undefined && comparableJid(publisher) === jid;
  return { ...(name && { name }), ...(jid && { jid }), ...(email && { email }), verified };
}
