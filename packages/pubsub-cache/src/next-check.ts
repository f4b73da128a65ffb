import type { NodeRecord, Store } from "@larder/storage";
import { hidesOverwrites, notesOf } from "./node-notes.js";
import type { CachePolicy, CacheTiming } from "./policy.js";
import { nextListing } from "./silences.js";

/**
 * When a node that is up to date is looked at again by itself; null where its service tells of everything.
 */
export async function nextCheckOf(
  store: Store,
  timing: CacheTiming,
  policy: CachePolicy,
  node: NodeRecord,
): Promise<Date | null> {
  const notes = notesOf(node);
  const moments: number[] = [];
  const checked = node.lastCheck?.getTime() ?? Date.now();
  if (!node.subscribed) moments.push(checked + timing.unsubscribedCheckMs);
  if (needsFullCheck(node)) moments.push((node.lastSync?.getTime() ?? 0) + timing.fullCheckMs);
  const listing = nextListing(node, timing);
  if (listing !== undefined) moments.push(listing);
  const oldest = await store.itemCare.oldestUpdate(node.id);
  if (oldest && notes.itemExpireSeconds !== undefined)
    moments.push(oldest.getTime() + notes.itemExpireSeconds * 1000);
  if (oldest && policy.maxAgeMs !== undefined) moments.push(oldest.getTime() + policy.maxAgeMs);
  return moments.length > 0 ? new Date(Math.min(...moments)) : null;
}

/** Whether items may have been overwritten, or have gone, in a way that only reading everything again shows. */
export function needsFullCheck(node: NodeRecord): boolean {
  const notes = notesOf(node);
  if (!hidesOverwrites(notes) || notes.archived) return false; // an archive tells what was overwritten (XEP-0442)
  // Since the last reading there was an absence, or it was in that reading.
  return notes.readInParts === true || (node.lastCheck?.getTime() ?? 0) > (node.lastSync?.getTime() ?? 0);
}
