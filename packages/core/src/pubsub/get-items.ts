import { NS_ORDER_BY, NS_PUBSUB } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { type RsmAnswer, type RsmRequest, readRsm, rsmElement } from "../rsm.js";
import { xml } from "../xml/element.js";
import { readItem, type WireItem } from "./item.js";

/** Which items of a node are wanted (XEP-0060 §6.5); at most one of the last three selections. */
export interface ItemsRequest {
  readonly service: string;
  readonly node: string;
  /** XEP-0413: only where the service announces it. With `maxItems` the answer is turned round, so that it runs forward too. */
  readonly orderBy?: "creation" | "modification";
  readonly maxItems?: number;
  readonly itemIds?: readonly string[];
  readonly rsm?: RsmRequest;
}

export interface ItemsAnswer {
  /** As the service ordered them. */
  readonly items: readonly WireItem[];
  /** Only where the answer had a `<set/>`: a service that ignores RSM returns everything without one. */
  readonly rsm?: RsmAnswer;
}

/** How long a service may take to return a page, or a whole node where it does not page. */
const ITEMS_TIMEOUT_MS = 120_000;

/**
 * Asks the service for items (XEP-0060 §6.5.2, §6.5.7, §6.5.8; paged by XEP-0059).
 *
 * @throws {StanzaError} `not_found` where there is no such node (§6.5.9.11), `forbidden`, …
 */
export async function getItems(requester: Requester, request: ItemsRequest): Promise<ItemsAnswer> {
  const newestFirst = request.orderBy !== undefined && request.maxItems !== undefined;
  const items = xml(
    "items",
    { node: request.node, max_items: request.maxItems },
    request.itemIds?.map((id) => xml("item", { id })) ?? [],
  );
  const answer = await requester.request(
    xml(
      "iq",
      { type: "get", to: request.service },
      xml(
        "pubsub",
        { xmlns: NS_PUBSUB },
        items,
        // §2.1: without `desc` the order is ascending, and the first `max_items` of that are the oldest.
        request.orderBy &&
          xml("order", { xmlns: NS_ORDER_BY, by: request.orderBy, desc: newestFirst ? "true" : undefined }),
        request.rsm && rsmElement(request.rsm),
      ),
    ),
    { timeoutMs: ITEMS_TIMEOUT_MS },
  );
  const pubsub = answer.getChild("pubsub", NS_PUBSUB);
  const found = (pubsub?.getChild("items")?.getChildren("item") ?? []).flatMap(
    (element) => readItem(element) ?? [],
  );
  return { items: newestFirst ? found.reverse() : found, rsm: readRsm(pubsub) };
}
