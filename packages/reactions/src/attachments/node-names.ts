import { bareJid } from "@larder/core";

export const NS_ATTACHMENTS = "urn:xmpp:pubsub-attachments:1";
export const NS_ATTACHMENTS_SUMMARY = "urn:xmpp:pubsub-attachments:summary:1";

/** One item of a node. */
export interface ItemAddress {
  readonly service: string;
  readonly node: string;
  readonly id: string;
}

/** All but the unreserved characters (RFC 3986 §2.3): everybody has to arrive at the same name. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * The node of what is attached to an item (XEP-0470 §4.1.1): the namespace, a slash, and the item's XMPP URI (XEP-0060
 * §12.22). It is on the item's own service.
 */
export function attachmentNode({ service, node, id }: ItemAddress): string {
  const [local, domain] = service.includes("@") ? service.split("@", 2) : [undefined, service];
  const path = local === undefined ? encode(domain ?? "") : `${encode(local)}@${encode(domain ?? "")}`;
  return `${NS_ATTACHMENTS}/xmpp:${path}?;node=${encode(node)};item=${encode(id)}`;
}

/** The node in which a service counts what is attached to the items of another (§4.6). */
export const summaryNode = (node: string): string => `${NS_ATTACHMENTS_SUMMARY}/${node}`;

/** Whether an item of an attachment node is its publisher's own (§4.1.1): its id is their bare JID. */
export function isOwnOfPublisher(item: { readonly id: string; readonly publisher?: string }): boolean {
  if (bareJid(item.id) !== item.id) return false;
  return item.publisher === undefined || bareJid(item.publisher) === item.id;
}
