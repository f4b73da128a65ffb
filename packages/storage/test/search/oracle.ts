import type { ItemOrder, ItemSearch } from "@larder/storage";
import { byCodePoint, byPath, holds } from "./json-oracle.js";
import { finds, type TextQuery } from "./text-oracle.js";

/** An item as a test stores it; `account` counts from 0. */
export interface StoredItem {
  readonly account: number;
  readonly service: string;
  readonly node: string;
  readonly type: string | null;
  readonly subtype: string | null;
  readonly itemId: string;
  /** Absent where nothing could be parsed. */
  readonly parsed?: unknown;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
}

/** A search with its full-text query as a tree and accounts counted from 0. */
export type PlannedSearch = Omit<ItemSearch, "fts" | "accountIds"> & {
  readonly fts?: TextQuery;
  readonly accounts?: readonly number[];
};

type Order = (a: StoredItem, b: StoredItem) => number;

const among = <T>(list: readonly T[] | undefined, value: T) => list === undefined || list.includes(value);

function answers(item: StoredItem, search: PlannedSearch): boolean {
  return (
    among(search.accounts, item.account) &&
    among(search.services, item.service) &&
    among(search.nodes, item.node) &&
    among(search.types, item.type) &&
    among(search.subtypes, item.subtype) &&
    among(search.ids, item.itemId) &&
    (search.fts === undefined || finds(item.text, search.fts)) &&
    (search.parsed ?? []).every((condition) => holds(item.parsed, condition))
  );
}

/** How many items of the same node were stored before this one. */
type PlaceOf = (item: StoredItem) => number;

function placesIn(items: readonly StoredItem[]): PlaceOf {
  const counts = new Map<string, number>();
  const places = new Map<StoredItem, number>();
  for (const item of items) {
    const node = JSON.stringify([item.account, item.service, item.node]);
    const place = counts.get(node) ?? 0;
    places.set(item, place);
    counts.set(node, place + 1);
  }
  return (item) => places.get(item) ?? 0;
}

const BY_SERVICE: Order = (a, b) => byCodePoint(a.service, b.service);
const BY_NODE: Order = (a, b) => byCodePoint(a.node, b.node);

const TIES: readonly Order[] = [
  BY_SERVICE,
  BY_NODE,
  (a, b) => byCodePoint(a.itemId, b.itemId),
  (a, b) => a.account - b.account, // one item cached for two accounts
];

/**
 * Within a node the service's order tells items of one instant apart: those of one synchronisation all
 * came at once.
 */
function byInstant(entry: ItemOrder, instant: "created" | "updated", placeOf: PlaceOf): Order {
  const sign = "direction" in entry && entry.direction === "desc" ? -1 : 1;
  const orders: Order[] = [
    (a, b) => sign * (a[instant] - b[instant]),
    BY_SERVICE,
    BY_NODE,
    (a, b) => sign * (placeOf(a) - placeOf(b)),
  ];
  return (a, b) => orders.reduce((order, next) => order || next(a, b), 0);
}

function orderOf(entry: ItemOrder, placeOf: PlaceOf): Order {
  if ("path" in entry) {
    const compare = byPath(entry.path, entry.direction ?? "asc");
    return (a, b) => compare(a.parsed, b.parsed);
  }
  const sign = entry.direction === "desc" ? -1 : 1;
  switch (entry.order) {
    case "creation":
      return byInstant(entry, "created", placeOf);
    case "modification":
      return byInstant(entry, "updated", placeOf);
    case "itemId":
      return (a, b) => sign * byCodePoint(a.itemId, b.itemId);
    case "rank":
      throw new Error("the contract leaves the order by rank to the engine");
  }
}

/** Everything a search finds, in its order, as if there were no page. */
export function findAll(items: readonly StoredItem[], search: PlannedSearch): StoredItem[] {
  const wanted = search.orderBy?.length
    ? search.orderBy
    : [{ order: "modification", direction: "desc" } as const];
  const placeOf = placesIn(items);
  const orders = [...wanted.map((entry) => orderOf(entry, placeOf)), ...TIES];
  return items
    .filter((item) => answers(item, search))
    .sort((a, b) => orders.reduce((order, next) => order || next(a, b), 0));
}

/** What a search answers with. */
export function answer(items: readonly StoredItem[], search: PlannedSearch) {
  const all = findAll(items, search);
  const from = search.index ?? 0;
  return { items: all.slice(from, from + search.limit), total: search.withTotal ? all.length : undefined };
}
