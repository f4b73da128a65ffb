import { getItems, InvalidParamsError, NotFoundError, type RsmAnswer, type WireItem } from "@larder/core";
import type { ItemRecord, NodeRecord, Store } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import { decodeCursor, encodeCursor, type PageCursor } from "./cursor.js";

/** Which items are wanted; at most one of `maxItems`, `itemIds` and `rsm`. */
export interface ReadRequest extends NodeAddress {
  readonly maxItems?: number;
  readonly itemIds?: readonly string[];
  readonly rsm?: {
    readonly max?: number;
    readonly after?: string;
    readonly before?: string;
    readonly index?: number;
  };
  readonly orderBy?: "creation" | "modification";
}

/** An item as it is read, whoever had it. */
export interface ReadItem {
  readonly id: string;
  readonly publisher?: string;
  readonly created: Date;
  readonly updated: Date;
  readonly dateSource: "service" | "observed";
  readonly xml: string;
  readonly parsed?: unknown;
  readonly parseError?: string;
}

/** A page of items, oldest first. */
export interface ReadAnswer {
  readonly items: readonly ReadItem[];
  readonly rsm?: {
    readonly first: string;
    readonly last: string;
    readonly index?: number;
    readonly count?: number;
  };
  /** Nothing further in the direction asked. */
  readonly complete: boolean;
  readonly source: "cache" | "service";
  /** The cache answered while events may have been missed. */
  readonly stale?: boolean;
}

const DEFAULT_PAGE = 50;

const fromRecord = (record: ItemRecord): ReadItem => ({ ...record, id: record.itemId });

const fromWire = (item: WireItem, now: Date): ReadItem => ({
  id: item.id,
  publisher: item.publisher,
  xml: item.xml,
  created: now,
  updated: now,
  dateSource: "observed",
});

/** Reads items from the cache. */
export class CacheReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async read(node: NodeRecord, request: ReadRequest): Promise<ReadAnswer> {
    const rest = { source: "cache" as const, ...(node.state === "stale" && { stale: true }) };
    if (request.itemIds) {
      const items = await this.#store.items.byIds(node.id, request.itemIds);
      return { items: items.map(fromRecord), complete: true, ...rest };
    }
    if (request.orderBy === "creation") return { ...(await this.#byCreation(node, request)), ...rest };
    if (request.rsm) {
      const page = await this.#store.items.page(node.id, await this.#rsmPage(node, request.rsm));
      const first = page.items[0];
      const last = page.items.at(-1);
      const cursor = ({ itemId, position }: ItemRecord, index: number) =>
        encodeCursor({ itemId, position, index });
      const rsm = first &&
        last && {
          first: cursor(first, page.index),
          last: cursor(last, page.index + page.items.length - 1),
          index: page.index,
          count: page.count,
        };
      return { items: page.items.map(fromRecord), rsm, complete: page.complete, ...rest };
    }
    // The order of modification is the order of publication, in which an overwritten item is the newest (XEP-0060 §12.1).
    const page = await this.#store.items.page(node.id, { limit: request.maxItems, newestFirst: true });
    return { items: page.items.map(fromRecord), complete: page.complete, ...rest };
  }

  async #byCreation(node: NodeRecord, request: ReadRequest): Promise<Omit<ReadAnswer, "source">> {
    const all = (await this.#store.items.idsByCreation(node.id)).map((id) => ({ id }));
    const page = request.rsm
      ? localPage(all, localWish(request.rsm))
      : {
          items: all.slice(-(request.maxItems ?? all.length)),
          complete: all.length <= (request.maxItems ?? all.length),
        };
    const items = await this.#store.items.byIds(
      node.id,
      page.items.map(({ id }) => id),
    );
    return { ...page, items: items.map(fromRecord) };
  }

  async #rsmPage(node: NodeRecord, rsm: NonNullable<ReadRequest["rsm"]>) {
    const limit = rsm.max ?? DEFAULT_PAGE;
    if (rsm.before === "") return { limit, newestFirst: true };
    if (rsm.after !== undefined)
      return { limit, after: await this.#positionOf(node, decodeCursor(rsm.after, "rsm.after"), -1) };
    if (rsm.before !== undefined) {
      return {
        limit,
        before: await this.#positionOf(node, decodeCursor(rsm.before, "rsm.before"), 0),
        newestFirst: true,
      };
    }
    return { limit, index: rsm.index ?? 0 };
  }

  /**
   * Where a cursor's item stands now, or stood; one that was never in the cache is placed by its index.
   *
   * @param shift which neighbour of that index bounds the page when the item itself is gone
   */
  async #positionOf(node: NodeRecord, cursor: PageCursor, shift: -1 | 0): Promise<number> {
    return (
      (await this.#store.items.positionOf(node.id, cursor.itemId)) ??
      cursor.position ??
      this.#store.items.positionAt(node.id, (cursor.index ?? 0) + shift)
    );
  }
}

/** Reads items from the service, paging here where the service does not. */
export class ServiceReader {
  /**
   * @throws {StanzaError} what the service answered
   * @throws {NotConnectedError} the account is offline
   */
  async read(account: CacheAccount, request: ReadRequest): Promise<ReadAnswer & { namespace?: string }> {
    const { service, node, orderBy } = request;
    const address = { service, node, orderBy };
    const now = new Date();
    const answer = (items: readonly WireItem[], rest: Omit<ReadAnswer, "items" | "source">) => ({
      items: items.map((item) => fromWire(item, now)),
      namespace: items[0]?.payload?.namespace,
      source: "service" as const,
      ...rest,
    });
    if (request.itemIds) {
      const { items } = await getItems(account.requester, { ...address, itemIds: request.itemIds });
      const byId = new Map(items.map((item) => [item.id, item]));
      return answer(
        request.itemIds.flatMap((id) => byId.get(id) ?? []),
        { complete: true },
      );
    }
    if (request.rsm) {
      const page = await this.#rsmPage(account, address, request.rsm);
      return answer(page.items, { rsm: page.rsm, complete: page.complete });
    }
    const { items } = await getItems(account.requester, { ...address, maxItems: request.maxItems });
    // Some services ignore max_items too, or stop at a limit of their own; the newest are at the end.
    const newest = request.maxItems === undefined ? items : items.slice(-request.maxItems);
    return answer(newest, { complete: request.maxItems === undefined || items.length < request.maxItems });
  }

  async #rsmPage(
    account: CacheAccount,
    address: NodeAddress & { orderBy?: "creation" | "modification" },
    rsm: NonNullable<ReadRequest["rsm"]>,
  ) {
    const wish = localWish(rsm);
    const { max, after, before } = wish;
    const native =
      (after === undefined || after.rsmId !== undefined) &&
      (before === undefined || before.rsmId !== undefined)
        ? { max, after: after?.rsmId, before: rsm.before === "" ? "" : before?.rsmId, index: rsm.index }
        : undefined;
    const answer = await getItems(account.requester, { ...address, rsm: native });
    return native && answer.rsm ? servicePage(answer.items, answer.rsm, max) : localPage(answer.items, wish);
  }
}

/** A page that the service cut. */
function servicePage(items: readonly WireItem[], rsm: RsmAnswer, max: number) {
  const [first, last] = [items[0], items.at(-1)];
  const start = rsm.index;
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
    complete: items.length < max,
  };
}

/** A page as it is wanted, its cursors read. */
interface PageWish {
  readonly max: number;
  readonly after?: PageCursor;
  readonly before?: PageCursor;
  readonly last: boolean;
  readonly index?: number;
}

function localWish(rsm: NonNullable<ReadRequest["rsm"]>): PageWish {
  return {
    max: rsm.max ?? DEFAULT_PAGE,
    after: rsm.after === undefined ? undefined : decodeCursor(rsm.after, "rsm.after"),
    before: rsm.before ? decodeCursor(rsm.before, "rsm.before") : undefined,
    last: rsm.before === "",
    index: rsm.index,
  };
}

/** A page cut here, out of everything: Prosody 0.12 ignores RSM on items and returns them all. */
function localPage<Item extends { readonly id: string }>(all: readonly Item[], wanted: PageWish) {
  const placeOf = (cursor: PageCursor): number | undefined => {
    const at = all.findIndex(({ id }) => id === cursor.itemId);
    return at >= 0 ? at : undefined;
  };
  let start = wanted.index ?? 0;
  let end = start + wanted.max;
  if (wanted.last) [start, end] = [all.length - wanted.max, all.length];
  else if (wanted.after) {
    const at = placeOf(wanted.after);
    start = at === undefined ? (wanted.after.index ?? 0) : at + 1; // its item is gone: the next one stands in its place
    end = start + wanted.max;
  } else if (wanted.before) {
    end = placeOf(wanted.before) ?? wanted.before.index ?? 0;
    start = end - wanted.max;
  }
  start = Math.max(0, start);
  const items = all.slice(start, Math.max(start, end));
  const [first, last] = [items[0], items.at(-1)];
  return {
    items,
    rsm:
      first && last
        ? {
            first: encodeCursor({ itemId: first.id, index: start }),
            last: encodeCursor({ itemId: last.id, index: start + items.length - 1 }),
            index: start,
            count: all.length,
          }
        : undefined,
    complete: wanted.last || wanted.before ? start === 0 : start + items.length >= all.length,
  };
}

/** @throws {InvalidParamsError} more than one selection */
export function checkSelection(request: ReadRequest): void {
  const given = [request.maxItems, request.itemIds, request.rsm].filter((value) => value !== undefined);
  if (given.length > 1) throw new InvalidParamsError("rsm", "give at most one of maxItems, itemIds and rsm");
}

/** @throws {NotFoundError} */
export function notCached({ service, node }: NodeAddress): never {
  throw new NotFoundError(`the node ${node} at ${service} is not cached`);
}
