import type { NodeRecord } from "@larder/storage";
import { type NodeNotes, notesOf } from "./node-notes.js";
import type { CacheTiming } from "./policy.js";

/** Changes of a node that its service does not notify of, as far as is known; see XEP-0460 §10 for a service that notifies of all. */
export function silencesOf(notes: NodeNotes): string[] {
  if (notes.alwaysNotify === true) return [];
  const { droppedAt } = notes;
  const silences: string[] = [];
  if (notes.maxItems === undefined)
    silences.push(
      droppedAt === undefined
        ? "it does not say how many items it keeps, and may drop the oldest without a word"
        : `it drops the oldest item without a word when it has more than ${droppedAt}`,
    );
  // The ways of ejabberd, which tells nobody of a deleted node, and of no item of one that is made anew.
  if (notes.overwritten === "stays") silences.push("it may not tell when the node is deleted or made anew");
  return silences;
}

/** Pause for each id of a listing: a node of many items is compared less often. */
const MS_FOR_EACH_ID = 100;
/** The longest pause between two listings that found nothing, unless the regular one is longer. */
const MAX_QUIET_MS = 3_600_000;

/** The pause after the last listing of a node: it doubles with each one that found nothing. */
function pauseOf({ quiet = 0 }: NodeNotes, { listingMs }: CacheTiming): number {
  return Math.max(listingMs, Math.min(MAX_QUIET_MS, listingMs * 2 ** Math.min(30, quiet)));
}

/**
 * The next time at which the ids of a node are to be compared with those that its service lists; undefined where its
 * service tells of everything, or lists none.
 *
 * @param pauseMs the pause after the last time, if not the regular one
 */
export function nextListing(node: NodeRecord, timing: CacheTiming, pauseMs?: number): number | undefined {
  const notes = notesOf(node);
  if (!node.subscribed || notes.listsIds === false || silencesOf(notes).length === 0) return undefined;
  const last = Math.max(notes.listedAt ?? 0, node.lastCheck?.getTime() ?? 0);
  return last + Math.max(pauseMs ?? pauseOf(notes, timing), node.items * MS_FOR_EACH_ID);
}
