import {
  discoInfo,
  getItems,
  hasErrorType,
  NS_ORDER_BY,
  NS_PUBSUB,
  type Requester,
  type RsmAnswer,
  UnsupportedError,
  type WireItem,
} from "@larder/core";
import type { NodeAddress } from "./account.js";
import { encodeCursor } from "./cursor.js";
import { countLeftOut, tooLarge } from "./left-out.js";
import { localPage, type PageWish, readWish } from "./local-page.js";
import { oldestFirst } from "./newest-first.js";
import type { ReadAnswer, ReadItem, ReadRequest } from "./reader.js";

type ServiceAddress = NodeAddress & { readonly orderBy?: "creation" | "modification" };

/** Items of one request where everything is wanted of a service that pages unasked. */
const PAGE = 250;

const fromWire = (item: WireItem, now: Date): ReadItem => ({
  id: item.id,
  publisher: item.publisher,
  xml: item.xml,
  created: now,
  updated: now,
  dateSource: "observed",
});

/**
 * What is not announced is not believed: a service that does not know XEP-0413 ignores the order (§6).
 *
 * @throws {UnsupportedError} the service does not announce it for pubsub
 */
async function requireOrderBy(requester: Requester, service: string): Promise<void> {
  const { features } = await discoInfo(requester, service);
  if (features.has(NS_ORDER_BY) || features.has(`${NS_ORDER_BY}@${NS_PUBSUB}`)) return;
  throw new UnsupportedError(`${service} cannot order items (XEP-0413); a synchronised node can`);
}

/** Counts of the items of an answer that could not be read, if there are any. */
const leftOut = (ids: readonly string[]) => {
  const counts = countLeftOut(ids.map(tooLarge));
  return counts && { leftOut: counts };
};

/** Reads items from the service, paging here where the service does not. */
export class ServiceReader {
  /**
   * @throws {StanzaError} what the service answered
   * @throws {NotConnectedError} the account is offline
   */
  async read(
    requester: Requester,
    request: ReadRequest,
  ): Promise<ReadAnswer & { namespaces: readonly string[] }> {
    const { service, node, orderBy, itemIds, maxItems } = request;
    if (orderBy) await requireOrderBy(requester, service);
    const address = { service, node, orderBy };
    const now = new Date();
    const answer = (items: readonly WireItem[], rest: Omit<ReadAnswer, "items" | "source">) => ({
      items: items.map((item) => fromWire(item, now)),
      namespaces: items.flatMap(({ payload }) => payload?.namespace ?? []),
      source: "service" as const,
      ...rest,
    });
    if (itemIds) {
      const { items, tooLarge = [] } = await getItems(requester, { ...address, itemIds });
      const byId = new Map(items.map((item) => [item.id, item]));
      return answer(
        itemIds.flatMap((id) => byId.get(id) ?? []),
        { complete: tooLarge.length === 0, ...leftOut(tooLarge) },
      );
    }
    if (request.rsm) {
      const { items, ...rest } = await this.#page(requester, address, readWish(request.rsm));
      return answer(items, rest);
    }
    if (maxItems === undefined) {
      const { items, tooLarge } = await this.#everything(requester, address);
      return answer(items, { complete: tooLarge.length === 0, ...leftOut(tooLarge) });
    }
    const { items, rsm, tooLarge = [] } = oldestFirst(await getItems(requester, { ...address, maxItems }));
    // Some services ignore max_items, or stop at a limit of their own; the newest are at the end.
    const short = items.length < maxItems && (rsm?.count ?? 0) <= items.length;
    return answer(items.slice(-maxItems), {
      complete: short && tooLarge.length === 0,
      ...leftOut(tooLarge),
    });
  }

  async #page(requester: Requester, address: ServiceAddress, wish: PageWish) {
    const { max, after, before, last, index } = wish;
    const cursor = after ?? before;
    if (cursor && cursor.rsmId === undefined) return this.#localPage(requester, address, wish);
    const rsm = { max, after: after?.rsmId, before: last ? "" : before?.rsmId, index };
    try {
      const answer = oldestFirst(await getItems(requester, { ...address, rsm }));
      return answer.rsm
        ? servicePage(answer.items, answer.rsm, wish)
        : { ...localPage(answer.items, wish), ...leftOut(answer.tooLarge ?? []) };
    } catch (error) {
      // XEP-0059 §2.2: a service that no longer knows the id says so. Our cursors outlive their items.
      if (!cursor || !hasErrorType(error) || error.type !== "not_found") throw error;
      return this.#localPage(requester, address, wish);
    }
  }

  async #localPage(requester: Requester, address: ServiceAddress, wish: PageWish) {
    const { items, tooLarge } = await this.#everything(requester, address);
    return { ...localPage(items, wish), ...leftOut(tooLarge) };
  }

  /** The whole node; a service may page also where nobody asked it to (XEP-0060 §6.5.4). */
  async #everything(
    requester: Requester,
    address: ServiceAddress,
  ): Promise<{ items: WireItem[]; tooLarge: readonly string[] }> {
    let { items, rsm, tooLarge = [] } = await getItems(requester, address);
    const found = new Map(items.map((item) => [item.id, item]));
    while (
      rsm?.last !== undefined &&
      items.length > 0 &&
      (rsm.count ?? Number.POSITIVE_INFINITY) > found.size
    ) {
      const before = found.size;
      ({ items, rsm } = await getItems(requester, {
        ...address,
        rsm: { max: PAGE, after: rsm.last },
      }));
      for (const item of items) found.set(item.id, item);
      if (found.size === before) break;
    }
    return { items: [...found.values()], tooLarge };
  }
}

/** Where a page that the service cut begins, reckoned from the cursor: services' own indexes are often wrong. */
function startOf({ after, before, last, index }: PageWish, length: number, count: number | undefined) {
  if (after) return after.index === undefined ? undefined : after.index + 1;
  if (before) return before.index === undefined ? undefined : Math.max(0, before.index - length);
  if (last) return count === undefined || count < length ? undefined : count - length;
  return index ?? 0;
}

/** A page that the service cut. */
function servicePage(items: readonly WireItem[], rsm: RsmAnswer, wish: PageWish) {
  const [first, last] = [items[0], items.at(-1)];
  const start = startOf(wish, items.length, rsm.count);
  // A short page is not the end: services have limits of their own. Counts may be too high, but then one more
  // page is asked for, which is empty.
  const atEnd =
    wish.last || wish.before
      ? start === 0
      : start !== undefined && rsm.count !== undefined && start + items.length >= rsm.count;
  return {
    items,
    rsm:
      first && last
        ? {
            first: encodeCursor({ itemId: first.id, index: start, rsmId: rsm.first }),
            last: encodeCursor({
              itemId: last.id,
              index: start === undefined ? undefined : start + items.length - 1,
              rsmId: rsm.last,
            }),
            index: start,
            count: rsm.count,
          }
        : undefined,
    complete: items.length === 0 || (items.length < wish.max && atEnd),
  };
}
