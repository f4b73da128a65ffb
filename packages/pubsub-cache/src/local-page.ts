import { decodeCursor, encodeCursor, type PageCursor } from "./cursor.js";
import type { ReadRequest } from "./reader.js";

/** Items of a page where nobody says how many. */
export const DEFAULT_PAGE = 50;

/** A page as it is wanted, its cursors read. */
export interface PageWish {
  readonly max: number;
  readonly after?: PageCursor;
  readonly before?: PageCursor;
  /** The last page. */
  readonly last: boolean;
  readonly index?: number;
}

/** @throws {InvalidParamsError} a cursor is none of ours */
export function readWish(rsm: NonNullable<ReadRequest["rsm"]>): PageWish {
  return {
    max: rsm.max ?? DEFAULT_PAGE,
    after: rsm.after === undefined ? undefined : decodeCursor(rsm.after, "rsm.after"),
    before: rsm.before ? decodeCursor(rsm.before, "rsm.before") : undefined,
    last: rsm.before === "",
    index: rsm.index,
  };
}

/** A page cut here, out of everything: Prosody 0.12 ignores RSM on items and returns them all. */
export function localPage<Item extends { readonly id: string }>(all: readonly Item[], wanted: PageWish) {
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
