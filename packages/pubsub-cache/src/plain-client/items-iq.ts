import {
  NS_ORDER_BY,
  NS_PUBSUB,
  NS_RSM,
  normaliseJid,
  parseTrustedXml,
  type XmlElement,
  xml,
} from "@larder/core";
import type { ReadAnswer, ReadRequest } from "../reader.js";

const count = (text: string | null | undefined): number | undefined =>
  text && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/**
 * What an IQ asks of a node's items (XEP-0060 §6.5).
 *
 * @param account the service of a request without `to` (PEP)
 * @returns undefined where it is about something else, or asks in a way that only the service can answer: in an order
 *   of its own (XEP-0413), or as one of several subscriptions (`subid`)
 */
export function readItemsIq(iq: XmlElement, account: string): ReadRequest | undefined {
  const pubsub = iq.attrs.type === "get" ? iq.getChild("pubsub", NS_PUBSUB) : undefined;
  const items = pubsub?.getChild("items");
  const service = iq.attrs.to === undefined ? account : normaliseJid(iq.attrs.to);
  const { node, subid, max_items: most } = items?.attrs ?? {};
  if (!pubsub || !items || node === undefined || service === undefined || subid !== undefined)
    return undefined;
  if (pubsub.getChild("order", NS_ORDER_BY)) return undefined;
  const itemIds = items.getChildren("item").flatMap(({ attrs }) => attrs.id ?? []);
  if (itemIds.length > 0) return { service, node, itemIds };
  const set = pubsub.getChild("set", NS_RSM);
  if (!set) return { service, node, maxItems: count(most) };
  const max = count(set.getChildText("max"));
  if (max === 0) return undefined; // only the number is wanted (XEP-0059 §2.7)
  return {
    service,
    node,
    rsm: {
      max,
      after: set.getChildText("after") ?? undefined,
      before: set.getChildText("before") ?? undefined,
      index: count(set.getChildText("index")),
    },
  };
}

/** The answer as the service would have given it; the ids of RSM are the cache's own. */
export function itemsAnswer(iq: XmlElement, { node }: ReadRequest, { items, rsm }: ReadAnswer): XmlElement {
  const { id, to } = iq.attrs;
  return xml(
    "iq",
    { xmlns: "jabber:client", type: "result", id, from: to },
    xml(
      "pubsub",
      { xmlns: NS_PUBSUB },
      xml(
        "items",
        { node },
        items.map((item) => parseTrustedXml(item.xml)),
      ),
      rsm &&
        xml(
          "set",
          { xmlns: NS_RSM },
          xml("first", { index: rsm.index }, rsm.first),
          xml("last", {}, rsm.last),
          rsm.count !== undefined && xml("count", {}, rsm.count),
        ),
    ),
  );
}
