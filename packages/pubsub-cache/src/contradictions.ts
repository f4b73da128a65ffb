import { saysTheSame } from "@larder/core";
import { fitsKey, type NodeRecord, type Store } from "@larder/storage";
import { notesOf } from "./node-notes.js";
import type { ReadAnswer, ReadRequest } from "./reader.js";

/**
 * Compares what a service has answered with the copy of the node: items that one of them lacks, or that say something
 * else. An event on its way may make a difference, too; comparing the node once more for nothing costs little.
 */
export async function contradicts(
  store: Store,
  node: NodeRecord,
  request: ReadRequest,
  { items }: ReadAnswer,
): Promise<boolean> {
  const ids = items.map(({ id }) => id);
  const kept = new Map(
    (await store.items.byIds(node.id, [...new Set([...ids, ...(request.itemIds ?? [])])])).map((item) => [
      item.itemId,
      item,
    ]),
  );
  const partial = node.completeFrom !== undefined;
  const leftOut = new Set(notesOf(node).leftOut?.map(({ id }) => id));
  for (const item of items) {
    const stored = kept.get(item.id);
    if (!stored && (!fitsKey(item.id) || leftOut.has(item.id))) continue; // left out on purpose
    if (stored ? !saysTheSame(stored, item) : !partial) return true;
  }
  if (request.itemIds) return kept.size > new Set(ids).size;
  if (request.rsm || request.orderBy) return false;
  // The newest items, or all of them: the copy may have others.
  const limit = request.maxItems === undefined ? items.length + 1 : items.length;
  const newest = await store.items.page(node.id, { limit: Math.max(1, limit), newestFirst: true });
  if (request.maxItems !== undefined && items.length === 0) return newest.items.length > 0;
  const listed = new Set(ids);
  return newest.items.some(({ itemId }) => !listed.has(itemId));
}
