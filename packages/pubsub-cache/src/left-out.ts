import { createHash } from "node:crypto";
import type { WireItem } from "@larder/core";
import { fitsKey } from "@larder/storage";

/** An item of a node that its copy lacks, because it is over a limit of ours. */
export interface LeftOutItem {
  /** Its id, or a digest of one that is too long itself. */
  readonly id: string;
  readonly over: "id" | "size";
}

/** Number of items that a copy lacks, by the limit that they are over. */
export interface LeftOutCounts {
  readonly tooLongIds: number;
  readonly tooLarge: number;
}

/** So many are remembered of a node. */
const MAX_LEFT_OUT = 100;

export const tooLong = ({ id }: Pick<WireItem, "id">): LeftOutItem => ({
  id: createHash("sha256").update(id).digest("base64"),
  over: "id",
});

export const tooLarge = (id: string): LeftOutItem => (fitsKey(id) ? { id, over: "size" } : tooLong({ id }));

/** Both lists as one, each item once; undefined where there is none. */
export function mergeLeftOut(
  one: readonly LeftOutItem[] = [],
  other: readonly LeftOutItem[] = [],
): readonly LeftOutItem[] | undefined {
  const all = new Map([...one, ...other].map((item) => [`${item.over} ${item.id}`, item]));
  return all.size === 0 ? undefined : [...all.values()].slice(-MAX_LEFT_OUT);
}

/** Items still left out of a node that lists these ids. */
export function leftOutOf(
  listed: ReadonlySet<string>,
  before: readonly LeftOutItem[] | undefined,
): readonly LeftOutItem[] | undefined {
  const ids = [...listed].filter((id) => !fitsKey(id)).map((id) => tooLong({ id }));
  return mergeLeftOut(
    ids,
    before?.filter(({ id, over }) => over === "size" && listed.has(id)),
  );
}

export function countLeftOut(items: readonly LeftOutItem[] | undefined): LeftOutCounts | undefined {
  if (!items || items.length === 0) return undefined;
  const ids = items.filter(({ over }) => over === "id").length;
  return { tooLongIds: ids, tooLarge: items.length - ids };
}
