import type { WireItem } from "@larder/core";

/** What a copy and its node differ in. */
export interface Difference {
  /** Ids that are no longer there. */
  readonly gone: readonly string[];
  /** Items that say something else, in the place where they were, oldest first. */
  readonly changed: readonly WireItem[];
  /** The newest items, oldest first: added, overwritten, or published again; they stand at the end of the node. */
  readonly added: readonly WireItem[];
  /** Ids of the copy before. */
  readonly kept: ReadonlySet<string>;
  /** Nothing of the copy is there any more as it was, though there was something. */
  readonly nothingLeft: boolean;
}

export interface Comparison {
  /** Ids of the copy, oldest first. */
  readonly kept: readonly string[];
  /** Those of them that came when others may have been missed already. */
  readonly recent?: ReadonlySet<string>;
  /** All ids that the service lists, in no order. */
  readonly listed: ReadonlySet<string>;
  /** The newest items of the service, oldest first. */
  readonly newest: readonly WireItem[];
  /** Whether the copy has this item with the same content. */
  readonly isSame: (item: WireItem) => boolean;
  /** `newest` is all there is. */
  readonly all: boolean;
  /** Older items are left out of the copy on purpose. */
  readonly partial: boolean;
}

/**
 * Compares a copy with the newest items of its node and the ids of all.
 *
 * Items are added at the end, and one that is published again moves there (XEP-0060 §12.1), also where it says what it
 * said. So the items that were neither added nor published again are the first of the node, in the copy's order; what
 * stands behind the last of them stands as the service has it. At a service where an overwritten item stays in its
 * place the same is true of what was added; that it was overwritten can then be seen only where it is among the newest.
 *
 * @returns undefined where the newest items do not reach back as far as that
 */
export function findDifference(comparison: Comparison): Difference | undefined {
  const { kept, recent, listed, newest, isSame, all, partial } = comparison;
  const onPage = new Set(newest.map(({ id }) => id));
  // What is on the page was there when it was made, though the list of ids may be older.
  const gone = new Set(kept.filter((id) => !listed.has(id) && !onPage.has(id)));
  const known = new Set(kept);
  const left = kept.filter((id) => !gone.has(id));
  const inOrder = countInOrder(left, newest, onPage, { recent, partial });
  const anchor = newest
    .slice(0, inOrder)
    .findLastIndex((item) => known.has(item.id) && !recent?.has(item.id) && isSame(item));
  if (anchor < 0 && !all) return undefined;
  const end = anchor + 1;
  const elsewhere = [
    ...newest.slice(0, end).map(({ id }) => id),
    ...[...listed].filter((id) => !onPage.has(id)),
  ];
  // Added elsewhere than at the end: its place cannot be told from here.
  if (!partial && elsewhere.some((id) => !known.has(id))) return undefined;
  return {
    gone: [...gone],
    changed: newest.slice(0, end).filter((item) => known.has(item.id) && !isSame(item)),
    added: newest.slice(end),
    kept: known,
    nothingLeft: anchor < 0 && kept.length > 0,
  };
}

/**
 * Counts the oldest items of `newest` that stand as the copy has them: nothing that it has behind the first of them stands
 * before it at the service, and each is behind the one before.
 */
function countInOrder(
  kept: readonly string[],
  newest: readonly WireItem[],
  onPage: ReadonlySet<string>,
  { recent, partial }: Pick<Comparison, "recent" | "partial">,
): number {
  const placeOf = new Map(kept.map((id, place) => [id, place]));
  let last = kept.findLastIndex((id) => !onPage.has(id) && !recent?.has(id));
  // A copy that lacks the oldest items says nothing of what stands before its own.
  const reachesBack = partial && last < 0;
  for (const [count, { id }] of newest.entries()) {
    const place = placeOf.get(id);
    if (place === undefined && reachesBack && last < 0) continue;
    if (place === undefined || place < last) return count;
    last = place;
  }
  return newest.length;
}
