import type { NodeRecord, Store, UnitOfWork } from "@larder/storage";
import type { NodeAddress } from "./account.js";

/**
 * A node is no more: its copy goes, and so do the subscriptions of all who shared it, since what their own
 * notifications say is nothing new to them.
 */
export async function dropNode(
  unit: UnitOfWork,
  store: Store,
  node: Pick<NodeRecord, "id" | "accountId"> | undefined,
  accountId: number,
  address: NodeAddress,
): Promise<void> {
  const readers = node && node.accountId === undefined ? await store.sharedNodes.readers(node.id) : [];
  if (node) await store.nodes.remove(node.id);
  for (const reader of new Set([accountId, ...readers])) {
    await store.events.scrubItems(unit, reader, address);
    await store.subscriptions.remove(reader, address.service, address.node);
  }
}
