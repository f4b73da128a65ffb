import type { NodeRecord } from "@larder/storage";
import { type NodeNotes, notesOf } from "./node-notes.js";
import type { CacheTiming } from "./policy.js";

/** What the service of a node does not tell its subscribers, as far as is known; see XEP-0460 §10 for one that tells everything. */
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

/** How long a listing has to pay for an id: a node of many items is compared less often. */
const MS_FOR_EACH_ID = 100;

/**
 * The next time at which the ids of a node are to be compared with those that its service lists; undefined where its
 * service tells of everything, or lists none.
 */
export function nextListing(
  node: NodeRecord,
  { listingMs }: CacheTiming,
  pauseMs: number = listingMs,
): number | undefined {
  const notes = notesOf(node);
  if (!node.subscribed || notes.listsIds === false || silencesOf(notes).length === 0) return undefined;
  const last = Math.max(notes.listedAt ?? 0, node.lastCheck?.getTime() ?? 0);
  return last + Math.max(pauseMs, node.items * MS_FOR_EACH_ID);
}
