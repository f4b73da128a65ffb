import type { Store } from "@larder/storage";
import { type LeftOutItem, mergeLeftOut, tooLong } from "./left-out.js";
import { notesOf } from "./node-notes.js";

/** Remembers that items of a node were left out, or are no longer there. */
export function noteLeftOut(
  store: Store,
  nodeId: number,
  { added = [], gone = [] }: { added?: readonly LeftOutItem[]; gone?: readonly string[] },
): Promise<void> {
  return store.database.write(async () => {
    const node = await store.nodes.get(nodeId);
    const notes = node && notesOf(node);
    if (!notes || (added.length === 0 && !notes.leftOut)) return;
    const lost = new Set(gone.flatMap((id) => [id, tooLong({ id }).id]));
    const leftOut = mergeLeftOut(notes.leftOut, added)?.filter(({ id }) => !lost.has(id));
    await store.nodes.update(nodeId, { metadata: { ...notes, leftOut: mergeLeftOut(leftOut) } });
  });
}
