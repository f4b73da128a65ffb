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
 * Items are added at the end, and one that is overwritten moves there (XEP-0060 §12.1). So the newest item that
 * was neither added nor overwritten is the last of the copy that is still there and does not stand behind it; what
 * stands before it is as it was. At a service where an overwritten item stays in its place the same is true of what
 * was added; that it was overwritten can then be seen only where it is among the newest.
 *
 * @returns undefined where the newest items do not reach back as far as that
 */
export function findDifference(comparison: Comparison): Difference | undefined {
  const { kept, recent, listed, newest, isSame, all, partial } = comparison;
  const onPage = new Set(newest.map(({ id }) => id));
  // What is on the page was there when it was made, though the list of ids may be older.
  const gone = new Set(kept.filter((id) => !listed.has(id) && !onPage.has(id)));
  const anchor = findAnchor(
    kept.filter((id) => !gone.has(id) && !recent?.has(id)),
    newest,
    isSame,
  );
  if (anchor === undefined && !all) return undefined;
  const end = anchor === undefined ? 0 : anchor + 1;
  const known = new Set(kept);
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
    nothingLeft: anchor === undefined && kept.length > 0,
  };
}

/** The place in `newest` of the last kept item that was neither added nor moved since; undefined where it is not in there. */
function findAnchor(
  kept: readonly string[],
  newest: readonly WireItem[],
  isSame: (item: WireItem) => boolean,
): number | undefined {
  const behind = new Set<string>();
  let last = kept.length - 1;
  for (let place = newest.length - 1; place >= 0; place--) {
    const item = newest[place];
    if (!item) break;
    while (last >= 0 && behind.has(kept[last] ?? "")) last--;
    if (kept[last] === item.id && isSame(item)) return place;
    behind.add(item.id);
  }
  return undefined;
}
