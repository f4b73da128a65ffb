import { InvalidParamsError, NotFoundError } from "@larder/core";
import type { ItemRecord, NodeRecord, Store } from "@larder/storage";
import type { NodeAddress } from "./account.js";
import { decodeCursor, encodeCursor, type PageCursor } from "./cursor.js";
import { countLeftOut, type LeftOutCounts } from "./left-out.js";
import { DEFAULT_PAGE, localPage, readWish } from "./local-page.js";
import { notesOf } from "./node-notes.js";

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
  /** Of a cached item it is read from the JSON when it is first asked for. */
  readonly parsed?: unknown;
  /** The same as JSON text, where it is at hand. */
  readonly parsedJson?: string;
  /** `xml` and `parsed` as members of a JSON object, in UTF-8, where they were asked for so and are at hand so. */
  readonly written?: Uint8Array;
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
  /** Items of the node that cannot be among these, since they are over limits of ours. */
  readonly leftOut?: LeftOutCounts;
  /** The cache answered while events may have been missed. */
  readonly stale?: boolean;
}

const fromRecord = (record: ItemRecord): ReadItem => ({
  id: record.itemId,
  publisher: record.publisher,
  created: record.created,
  updated: record.updated,
  dateSource: record.dateSource,
  get xml() {
    return record.xml;
  },
  get parsed() {
    return record.parsed;
  },
  get parsedJson() {
    return record.parsedJson;
  },
  written: record.written,
  parseError: record.parseError,
});

/** Reads items from the cache. */
export class CacheReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param options.exact only an answer that the service would give too, where older items are left out of the copy
   * @param options.written for handing on as JSON: see {@link ReadItem.written}
   * @returns undefined where the copy cannot give one
   */
  async read(
    node: NodeRecord,
    request: ReadRequest,
    { exact, written }: { exact: boolean; written?: boolean },
  ): Promise<ReadAnswer | undefined> {
    const answer = await this.#read(node, request, { written });
    const whole =
      node.completeFrom === undefined || holdsAll(node.completeFrom, numberingOf(node), request, answer);
    if (!whole && exact) return undefined;
    const leftOut = countLeftOut(notesOf(node).leftOut);
    const lacksSome = leftOut !== undefined && !request.rsm;
    // One that is asked for by name may be one of those: its service has it, perhaps.
    if (exact && request.itemIds && lacksSome && answer.items.length < new Set(request.itemIds).size)
      return undefined;
    const { positions, ...rest } = answer;
    return {
      ...rest,
      ...(leftOut && { leftOut }),
      ...(lacksSome && answer.items.length < (request.itemIds?.length ?? Infinity) && { complete: false }),
      // Of what stands before the copy nothing is known, so neither are places and numbers.
      ...(node.completeFrom !== undefined && {
        complete: rest.complete && readsForward(request),
        rsm: rest.rsm && { first: rest.rsm.first, last: rest.rsm.last },
      }),
      source: "cache",
      ...(node.state === "stale" && { stale: true }),
    };
  }

  async #read(node: NodeRecord, request: ReadRequest, form: Form): Promise<PlacedAnswer> {
    if (request.itemIds) {
      const items = await this.#store.items.byIds(node.id, request.itemIds, form);
      return placed(items, { complete: true });
    }
    if (request.orderBy === "creation") return this.#byCreation(node, request, form);
    if (request.rsm) {
      const wanted = await this.#rsmPage(node, request.rsm);
      const page = await this.#store.items.page(node.id, { ...wanted, ...form });
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
      return placed(page.items, { rsm, complete: page.complete });
    }
    // The order of modification is the order of publication, in which an overwritten item is the newest (XEP-0060 §12.1).
    const page = await this.#store.items.page(node.id, {
      limit: request.maxItems,
      newestFirst: true,
      ...form,
    });
    return placed(page.items, { complete: page.complete });
  }

  async #byCreation(node: NodeRecord, request: ReadRequest, form: Form): Promise<PlacedAnswer> {
    const all = (await this.#store.items.idsByCreation(node.id)).map((id) => ({ id }));
    const page = request.rsm
      ? localPage(all, readWish(request.rsm))
      : {
          items: all.slice(-(request.maxItems ?? all.length)),
          rsm: undefined,
          complete: all.length <= (request.maxItems ?? all.length),
        };
    const items = await this.#store.items.byIds(
      node.id,
      page.items.map(({ id }) => id),
      form,
    );
    return placed(items, { rsm: page.rsm, complete: page.complete });
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

interface Form {
  readonly written?: boolean;
}

/** An answer, with where its items stand in the copy. */
type PlacedAnswer = Omit<ReadAnswer, "source" | "stale"> & { readonly positions: readonly number[] };

const placed = (items: readonly ItemRecord[], rest: Pick<ReadAnswer, "rsm" | "complete">): PlacedAnswer => ({
  items: items.map(fromRecord),
  positions: items.map(({ position }) => position),
  ...rest,
});

const readsForward = ({ itemIds, rsm }: ReadRequest): boolean =>
  itemIds !== undefined || (rsm !== undefined && rsm.before === undefined);

/** Whether an answer from a copy that is complete from a position on lacks nothing that stands before it. */
function holdsAll(
  completeFrom: number,
  currentNumbering: number,
  request: ReadRequest,
  { items, positions }: PlacedAnswer,
): boolean {
  const { itemIds, maxItems, rsm, orderBy } = request;
  if (itemIds) return items.length === new Set(itemIds).size;
  if (orderBy === "creation" || rsm?.index !== undefined) return false;
  if (!positions.every((position) => position >= completeFrom)) return false;
  const wanted = rsm ? (rsm.max ?? DEFAULT_PAGE) : maxItems;
  if (rsm && rsm.before === undefined) {
    // After an item of the copy nothing is left out; the first page of the node may be.
    if (rsm.after === undefined) return false;
    const { position, numbering } = decodeCursor(rsm.after, "rsm.after");
    return position !== undefined && position >= completeFrom && numbering === currentNumbering;
  }
  return wanted !== undefined && items.length === wanted;
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
