import { type MessageHead, positionOf } from "@larder/storage";

/**
 * The place of a page of an archive beside what was read before: after a position going forward, before one going back, and in no
 * case below what an archive has further back (`above`). `below` is the position of what stands after a gap: while there is room,
 * a page of the gap stays below it.
 */
export type Order =
  | { readonly after: number | undefined; readonly below?: number | undefined }
  | { readonly before: number | undefined; readonly above?: number | undefined };

/** One message of a page, in the archive's order. */
export interface Placed {
  readonly timestamp: Date;
  /** Its present time and position. */
  readonly known?: { readonly timestamp: Date; readonly position: number };
}

/** The last position of a stamp. An archive of whole seconds may mean any moment of the second. */
const latestOf = (timestamp: Date): number =>
  positionOf(timestamp) + (timestamp.getTime() % 1000 === 0 ? 999_999 : 999);

/** The number of positions for what is between the end of one page and the beginning of another that is placed after it. */
const ROOM = 100_000;

const keeps = ({ known, timestamp }: Placed): number | undefined =>
  known?.timestamp.getTime() === timestamp.getTime() ? known.position : undefined;

/**
 * Chooses the positions of a page's messages: that of the stamp, moved on if the archive's order (XEP-0313 §3.1) needs it. A message
 * that has a right position already stays there.
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
    if (order.above === undefined || next > order.above) return places;
    return placesFor(page, { after: order.above + ROOM });
  }
  let previous = order.after ?? -1;
  let { below = Number.MAX_SAFE_INTEGER } = order;
  for (const [at, entry] of page.entries()) {
    const kept = keeps(entry);
    // The gap ends here, or it has more messages than there is room for.
    if (previous >= below || (kept !== undefined && kept >= below)) below = Number.MAX_SAFE_INTEGER;
    const wanted =
      kept !== undefined && kept > previous ? kept : Math.max(positionOf(entry.timestamp), previous + 1);
    previous = wanted < below ? wanted : previous + 1;
    places[at] = previous;
  }
  return places;
}

/** One entry of a page, by its place in the whole page. */
export interface PageEntry extends Placed {
  readonly at: number;
}

/** The positions of a page's entries. */
export interface PagePlaces {
  readonly places: ReadonlyMap<number, number>;
  /** By the entry's place in the page, the position of what the archive has before it: what stands above that comes after it. */
  readonly bounds: ReadonlyMap<number, number>;
  /** The first and the last position. */
  readonly ends: readonly [number | undefined, number | undefined];
  /** Its last entry had the right position already. */
  readonly settled: boolean;
}

export const NO_PLACES: PagePlaces = {
  places: new Map(),
  bounds: new Map(),
  ends: [undefined, undefined],
  settled: true,
};

/** Chooses the positions of a page from which other entries were left out. */
export function placesOfPage(entries: readonly PageEntry[], order: Order): PagePlaces {
  const page = [...entries].sort((one, other) => one.at - other.at);
  const positions = placesFor(page, order);
  const known = page.at(-1)?.known;
  // If a page was read backwards, nothing is known of what is before it: what stands below its second entry comes before the first.
  // If a page that was read forward has nothing known before it, the position of its first entry is the bound.
  const below =
    "before" in order
      ? (positions[1] ?? order.before ?? Number.MAX_SAFE_INTEGER) - 1
      : (order.after ?? positions[0] ?? -1);
  return {
    places: new Map(page.map(({ at }, place) => [at, positions[place] ?? 0])),
    bounds: new Map(page.map(({ at }, place) => [at, positions[place - 1] ?? below])),
    ends: [positions[0], positions.at(-1)],
    settled: known !== undefined && known.position === positions.at(-1),
  };
}

/**
 * Decides if the archive has a copy that is read now before the copy that was read earlier.
 *
 * @param copy `bound`: what stands above it comes after the copy
 */
export function isBefore(
  copy: { readonly inPage: number; readonly bound: number },
  known: MessageHead,
  inPageOf: ReadonlyMap<string | undefined, number>,
): boolean {
  const place = known.stanzaId === undefined ? undefined : inPageOf.get(known.stanzaId);
  if (place !== undefined) return copy.inPage < place;
  // It came live, and the archive's place of it was not read yet: its position says nothing.
  if (known.timestamp.getTime() === known.receivedAt.getTime()) return true;
  return known.position > copy.bound;
}
