import { bareJid, normaliseJid, parseJid, resourceOf } from "./jid/jid.js";
import { NS_BLOCKING } from "./namespaces.js";
import type { Requester } from "./requester.js";
import { type XmlElement, xml } from "./xml/element.js";

/** The addresses that a block list or a change of it names, normalised; what is no JID is left out. */
export const readBlocked = (element: XmlElement): string[] =>
  element.getChildren("item").flatMap(({ attrs }) => normaliseJid(attrs.jid ?? "") ?? []);

/**
 * Whom the account has blocked (XEP-0191 §3.1).
 *
 * @throws {StanzaError} the server has no such list
 */
export async function fetchBlockList(requester: Requester): Promise<string[]> {
  const answer = await requester.request(
    xml("iq", { type: "get" }, xml("blocklist", { xmlns: NS_BLOCKING })),
  );
  const list = answer.getChild("blocklist", NS_BLOCKING);
  return list ? readBlocked(list) : [];
}

/** Whether a list names an address: as it is, or its bare JID, its domain, or its domain with the resource (XEP-0191 §3.5). */
export function isBlocked(blocked: ReadonlySet<string>, jid: string): boolean {
  if (blocked.size === 0) return false;
  const { domain } = parseJid(jid) ?? {};
  const resource = resourceOf(jid);
  return [jid, bareJid(jid), domain, resource === undefined ? undefined : `${domain}/${resource}`].some(
    (name) => name !== undefined && blocked.has(name),
  );
}
