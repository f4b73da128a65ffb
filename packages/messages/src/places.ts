import { positionOf } from "@larder/storage";

/** Where a page of an archive joins what was read before: after a position going forward, before one going back. */
export type Order = { readonly after: number | undefined } | { readonly before: number | undefined };

/** One message of a page, in the archive's order. */
export interface Placed {
  readonly timestamp: Date;
  /** Where it stands already. */
  readonly known?: { readonly timestamp: Date; readonly position: number };
}

/** An archive that has whole seconds may have said any moment of this one. */
const latestOf = (timestamp: Date): number =>
  positionOf(timestamp) + (timestamp.getTime() % 1000 === 0 ? 999_999 : 999);

const keeps = ({ known, timestamp }: Placed): number | undefined =>
  known?.timestamp.getTime() === timestamp.getTime() ? known.position : undefined;

/**
 * The positions of a page's messages: that of their stamp, moved on where this alone would not give the archive's order
 * (XEP-0313 §3.1). What stands right already is left there.
 */
export function placesFor(page: readonly Placed[], order: Order): number[] {
  const places = new Array<number>(page.length);
  if ("before" in order) {
    let next = order.before ?? Number.MAX_SAFE_INTEGER;
    for (const [back, entry] of page.toReversed().entries()) {
      const kept = keeps(entry);
      next = kept !== undefined && kept < next ? kept : Math.min(latestOf(entry.timestamp), next - 1);
      places[page.length - 1 - back] = next;
    }
    return places;
  }
  let previous = order.after ?? -1;
  for (const [at, entry] of page.entries()) {
    const kept = keeps(entry);
    previous =
      kept !== undefined && kept > previous ? kept : Math.max(positionOf(entry.timestamp), previous + 1);
    places[at] = previous;
  }
  return places;
}

/** One entry of a page, by its place in the whole page. */
export interface PageEntry extends Placed {
  readonly at: number;
}

/**
 * The positions of a page of which other entries were left out.
 *
 * @returns `settled`: its last entry stood where it belongs already
 */
export function placesOfPage(
  entries: readonly PageEntry[],
  order: Order,
): {
  readonly places: ReadonlyMap<number, number>;
  readonly ends: readonly [number | undefined, number | undefined];
  readonly settled: boolean;
} {
  const page = [...entries].sort((one, other) => one.at - other.at);
  const positions = placesFor(page, order);
  const known = page.at(-1)?.known;
  return {
    places: new Map(page.map(({ at }, place) => [at, positions[place] ?? 0])),
    ends: [positions[0], positions.at(-1)],
    settled: known !== undefined && known.position === positions.at(-1),
  };
}
