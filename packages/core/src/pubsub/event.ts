import { NS_DELAY, NS_PUBSUB_EVENT } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import { readItem, type WireItem } from "./item.js";

/** What a notification tells of a node (XEP-0060 §7.1.2, §7.2.2, §8). */
export type PubsubEvent = {
  readonly node: string;
  /** When it was sent first: it is an item that was there before, sent on subscribing or on becoming available (§6.1.7). */
  readonly delayed?: Date;
} & (
  | { readonly event: "items"; readonly items: readonly WireItem[]; readonly retracted: readonly string[] }
  | { readonly event: "purge" }
  | {
      readonly event: "delete";
      /** Where the node is now, as an `xmpp:` URI (§8.4.2). */
      readonly redirect?: string;
    }
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
  const stamp = message.getChild("delay", NS_DELAY)?.attrs.stamp;
  const time = stamp === undefined ? Number.NaN : Date.parse(stamp);
  const delayed = Number.isNaN(time) ? undefined : new Date(time);
  return (event?.getChildElements() ?? []).flatMap((child) => {
    const read = readChild(child);
    return read ? [delayed ? { ...read, delayed } : read] : [];
  });
}
