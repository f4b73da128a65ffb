import { NS_PUBSUB_EVENT } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import { readItem, type WireItem } from "./item.js";

/** What a notification tells of a node (XEP-0060 §7.1.2, §7.2.2, §8). */
export type PubsubEvent = { readonly node: string } & (
  | { readonly event: "items"; readonly items: readonly WireItem[]; readonly retracted: readonly string[] }
  | { readonly event: "purge" }
  | { readonly event: "delete"; readonly redirect?: string }
  | { readonly event: "configuration" }
  | {
      readonly event: "subscription";
      readonly state?: string;
      readonly jid?: string;
      readonly subid?: string;
    }
);

function readChild(child: XmlElement): PubsubEvent | undefined {
  const { node } = child.attrs;
  if (node === undefined) return undefined;
  switch (child.name) {
    case "items":
      return {
        node,
        event: "items",
        items: child.getChildren("item").flatMap((element) => readItem(element) ?? []),
        retracted: child.getChildren("retract").flatMap(({ attrs }) => attrs.id ?? []),
      };
    case "purge":
      return { node, event: "purge" };
    case "delete":
      return { node, event: "delete", redirect: child.getChild("redirect")?.attrs.uri };
    case "configuration":
      return { node, event: "configuration" };
    case "subscription":
      return {
        node,
        event: "subscription",
        state: child.attrs.subscription,
        jid: child.attrs.jid,
        subid: child.attrs.subid,
      };
    default:
      return undefined;
  }
}

/** The events of a notification; none where the message is no notification. */
export function readPubsubEvents(message: XmlElement): PubsubEvent[] {
  const event = message.getChild("event", NS_PUBSUB_EVENT);
  return (event?.getChildElements() ?? []).flatMap((child) => readChild(child) ?? []);
}
