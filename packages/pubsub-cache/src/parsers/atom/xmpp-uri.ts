import { domainToUnicode } from "node:url";

/** A pubsub node or item that an `xmpp:` URI names (XEP-0060 §12.22, RFC 5122). */
export interface PubsubUri {
  /** Bare JID of the service. */
  readonly service: string;
  readonly node?: string;
  readonly item?: string;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * A bare JID in a form in which two that mean the same are equal; undefined where the text is none. Core's JID
 * functions are not used: loading core would make each worker start 0.4 s later.
 */
export function comparableJid(text: string): string | undefined {
  const bare = text.split("/", 1)[0] ?? "";
  const at = bare.indexOf("@");
  const local = at < 0 ? undefined : bare.slice(0, at).normalize("NFC").toLowerCase();
  const host = bare.slice(at + 1).replace(/\.$/, "");
  const domain = host.startsWith("[") ? host.toLowerCase() : domainToUnicode(host).normalize("NFC");
  if (domain === "" || local === "" || /[\s"&'/:<>@]/u.test(local ?? "") || /[\s/@]/u.test(domain))
    return undefined;
  return local === undefined ? domain : `${local}@${domain}`;
}

/**
 * An `xmpp:` URI without the white space that it was broken into lines with, as in the examples of XEP-0277: at its ends,
 * around line breaks (which an XML parser makes blanks of in attributes), and around what separates its parameters. A blank
 * inside a value belongs to it.
 */
export const withoutBreaks = (text: string): string =>
  text
    .trim()
    .replace(/\s*[\r\n]\s*/g, "")
    .replace(/\s*([?;&])\s*/g, "$1");

/**
 * Reads an `xmpp:` URI.
 *
 * @returns undefined where the text is no such URI, or names no JID
 */
export function readXmppUri(text: string): PubsubUri | undefined {
  const uri = withoutBreaks(text);
  const match = /^xmpp:(?:\/\/[^/?#]*\/)?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/is.exec(uri);
  const service = comparableJid(decode(match?.[1] ?? "") ?? "");
  if (!match || service === undefined) return undefined;
  const pairs = (match[2] ?? "").split(";").slice(1); // what stands before the first semicolon is the query type
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const value = decode(pair.slice(equals + 1));
    if (equals < 1 || value === undefined) continue;
    const name = pair.slice(0, equals).toLowerCase();
    if (!parameters.has(name)) parameters.set(name, value);
  }
  const node = parameters.get("node");
  const item = parameters.get("item");
  return { service, ...(node && { node }), ...(item && { item }) };
}
