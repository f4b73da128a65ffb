import { InvalidParamsError, NotFoundError } from "@larder/core";
import type { ItemRecord, NodeRecord, Store } from "@larder/storage";
import type { NodeAddress } from "./account.js";
import { encodeCursor, type PageCursor } from "./cursor.js";
import { localPage, readWish } from "./local-page.js";

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

const fromRecord = (record: ItemRecord): ReadItem => ({ ...record, id: record.itemId });

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
      const cursor = ({ itemId, position }: ItemRecord, place: number) =>
        encodeCursor({
          itemId,
          position,
          index: page.index === undefined ? undefined : page.index + place,
          numbering: numberingOf(node),
        });
      const rsm = first &&
        last && {
          first: cursor(first, 0),
          last: cursor(last, page.items.length - 1),
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
      ? localPage(all, readWish(request.rsm))
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
    const { max: limit, after, before, last, index } = readWish(rsm);
    if (last) return { limit, newestFirst: true };
    if (after) return { limit, after: await this.#positionOf(node, after, -1) };
    if (before) return { limit, before: await this.#positionOf(node, before, 0), newestFirst: true };
    return { limit, index: index ?? 0 };
  }

  /**
   * Where a cursor's item stands now, or stood; one that was never in the cache is placed by its index, as
   * is one of before the last synchronisation, which has numbered the positions anew.
   *
   * @param shift which neighbour of that index bounds the page when the item itself is gone
   */
  async #positionOf(node: NodeRecord, cursor: PageCursor, shift: -1 | 0): Promise<number> {
    return (
      (await this.#store.items.positionOf(node.id, cursor.itemId)) ??
      (cursor.numbering === numberingOf(node) ? cursor.position : undefined) ??
      this.#store.items.positionAt(node.id, (cursor.index ?? 0) + shift)
    );
  }
}

/** Tells the numberings of a node's positions apart: each synchronisation that ends makes a new one. */
const numberingOf = (node: NodeRecord): number => node.lastSync?.getTime() ?? 0;

/** @throws {InvalidParamsError} more than one selection */
export function checkSelection(request: ReadRequest): void {
  const given = [request.maxItems, request.itemIds, request.rsm].filter((value) => value !== undefined);
  if (given.length > 1) throw new InvalidParamsError("rsm", "give at most one of maxItems, itemIds and rsm");
}

/** @throws {NotFoundError} */
export function notCached({ service, node }: NodeAddress): never {
  throw new NotFoundError(`the node ${node} at ${service} is not cached`);
}
