import type { NodeRecord, Store } from "@larder/storage";
import type { CacheAccount } from "./account.js";

/**
 * Accounts whose last session has ended, and whose nodes are not marked yet as what may have missed something: a new
 * session may be used before it has begun for the cache.
 */
export class SessionGaps {
  readonly #open = new Set<number>();

  begin(account: CacheAccount): void {
    this.#open.add(account.id);
  }

  end(account: CacheAccount): void {
    this.#open.delete(account.id);
  }

  isOpen(account: CacheAccount): boolean {
    return this.#open.has(account.id);
  }

  /**
   * A node that a change is about to be applied to: stale where others may have been missed before it, so that the change
   * says nothing of those.
   */
  async beforeChange(
    store: Store,
    account: CacheAccount,
    node: NodeRecord | undefined,
  ): Promise<NodeRecord | undefined> {
    return node && this.isOpen(account) ? store.nodes.markNodeStale(node.id) : node;
  }
}
