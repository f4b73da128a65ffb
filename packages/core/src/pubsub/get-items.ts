import { discoItems } from "../disco.js";
import { AnswerTooLargeError, hasErrorType } from "../errors/errors.js";
import { NS_ORDER_BY, NS_PUBSUB } from "../namespaces.js";
import type { AnswerParts, Requester } from "../requester.js";
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
  /** Ids of items that are there and could not be read, since one alone is over our limits for a stanza. */
  readonly tooLarge?: readonly string[];
}

/** How long a service may take to return a page, or a whole node where it does not page. */
const ITEMS_TIMEOUT_MS = 120_000;

/** Items of one request where a node is too large to be read at once. */
const PART = 50;

/**
 * Asks the service for items (XEP-0060 §6.5.2, §6.5.7, §6.5.8; paged by XEP-0059). A service that does not
 * page may answer with more than we take in one stanza: then the items are asked for by their ids, some at
 * a time.
 *
 * @throws {StanzaError} `not_found` where there is no such node (§6.5.9.11), `forbidden`, …
 * @throws {AnswerTooLargeError} in an order other than the service's own, which ids cannot give
 */
export async function getItems(requester: Requester, request: ItemsRequest): Promise<ItemsAnswer> {
  try {
    return await requestItems(requester, request);
  } catch (error) {
    if (!(error instanceof AnswerTooLargeError) || request.orderBy) throw error;
    const tooLarge: string[] = [];
    const items = await getInParts(requester, request, (id) => void tooLarge.push(id));
    return { items, tooLarge };
  }
}

async function newestItem(
  requester: Requester,
  service: string,
  node: string,
): Promise<WireItem | undefined> {
  try {
    return (await requestItems(requester, { service, node, maxItems: 1 })).items[0];
  } catch (error) {
    if (error instanceof AnswerTooLargeError) return undefined; // a single item that nobody can read
    throw error;
  }
}

/**
 * The ids of a node's items, in no order that could be relied on (XEP-0060 §5.5: `name` is the item's id);
 * each once.
 *
 * @throws {StanzaError} `not_found`, `forbidden`, `unsupported`, …
 */
export async function fetchItemIds(requester: Requester, service: string, node: string): Promise<string[]> {
  const items = await discoItems(requester, service, node);
  return [...new Set(items.flatMap(({ name }) => name ?? []))];
}

/**
 * The same oldest first: XEP-0060 does not specify the order, and Prosody lists the newest first. The newest item
 * itself tells.
 */
export async function fetchItemIdsInOrder(
  requester: Requester,
  service: string,
  node: string,
): Promise<string[]> {
  const ids = await fetchItemIds(requester, service, node);
  const newest = await newestItem(requester, service, node);
  return newest !== undefined && newest.id === ids[0] ? ids.reverse() : ids;
}

async function getInParts(
  requester: Requester,
  request: ItemsRequest,
  onTooLarge: (id: string) => void,
): Promise<WireItem[]> {
  const { service, node, itemIds, maxItems } = request;
  const ids = itemIds ?? (await fetchItemIdsInOrder(requester, service, node));
  const wanted = maxItems === undefined ? ids : ids.slice(-maxItems);
  const found: WireItem[] = [];
  for (let start = 0; start < wanted.length; start += PART) {
    const part = wanted.slice(start, start + PART);
    found.push(...(await getItemsById(requester, { service, node }, part, onTooLarge)));
  }
  return found;
}

/**
 * Items by their ids (XEP-0060 §6.5.8), in the order asked; those that are gone, or that nobody could read in
 * one stanza, are left out.
 *
 * @param onTooLarge is given the ids of the latter
 * @throws {StanzaError} `not_found` where there is no such node, `forbidden`, …
 */
export async function getItemsById(
  requester: Requester,
  address: { service: string; node: string },
  itemIds: readonly string[],
  onTooLarge: (id: string) => void = () => {},
): Promise<WireItem[]> {
  if (itemIds.length === 0) return [];
  try {
    const { items } = await requestItems(requester, { ...address, itemIds });
    const byId = new Map(items.map((item) => [item.id, item]));
    return itemIds.flatMap((id) => byId.get(id) ?? []);
  } catch (error) {
    const tooLarge = error instanceof AnswerTooLargeError;
    if (!tooLarge && !(await isOfOneItem(requester, address, error))) throw error;
    const [only = "", ...others] = itemIds;
    if (others.length === 0) {
      if (tooLarge) onTooLarge(only);
      return [];
    }
    const half = itemIds.length >> 1;
    const first = await getItemsById(requester, address, itemIds.slice(0, half), onTooLarge);
    return [...first, ...(await getItemsById(requester, address, itemIds.slice(half), onTooLarge))];
  }
}

/** §6.5.9.12 wants an empty answer for an item that is gone; some services say `item-not-found`, as for a node. */
async function isOfOneItem(
  requester: Requester,
  { service, node }: { service: string; node: string },
  error: unknown,
): Promise<boolean> {
  if (!hasErrorType(error) || error.type !== "not_found") return false;
  await requestItems(requester, { service, node, maxItems: 1 }); // throws where it is the node that is gone
  return true;
}

/**
 * Asks for items once, whatever comes.
 *
 * @param take is given items as they arrive, which are then not in the answer, once each; the rest is. False refuses
 *   any more: the answer then counts as too large
 *
 * @throws {StanzaError} what the service answered
 * @throws {AnswerTooLargeError} the answer is over our limit for stanzas
 */
export async function requestItems(
  requester: Requester,
  request: ItemsRequest,
  take?: (item: WireItem) => boolean,
): Promise<ItemsAnswer> {
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
    { timeoutMs: ITEMS_TIMEOUT_MS, ...(take && { parts: partsFor(take) }) },
  );
  const pubsub = answer.getChild("pubsub", NS_PUBSUB);
  const found = (pubsub?.getChild("items")?.getChildren("item") ?? []).flatMap(
    (element) => readItem(element) ?? [],
  );
  return { items: newestFirst ? found.reverse() : found, rsm: readRsm(pubsub) };
}

const ITEM_PATH = ["pubsub", "items", "item"];

/** An answer that comes a second time, since its connection was lost, is the same: what was taken is passed over. */
function partsFor(take: (item: WireItem) => boolean): AnswerParts {
  let taken = 0;
  let at = 0;
  return {
    path: ITEM_PATH,
    begin: () => {
      at = 0;
    },
    take: (element) => {
      if (at++ < taken) return true;
      taken++;
      const item = element.parent?.parent?.getNS() === NS_PUBSUB ? readItem(element) : undefined;
      return item === undefined || take(item);
    },
  };
}
