import type { NodeRecord, Store } from "@larder/storage";
import type { CacheAccount } from "./account.js";

/**
 * Accounts whose last session has ended, and whose nodes are not marked yet as what may have missed something: a new
 * session may be used before it has begun for the cache.
 */
export class SessionGaps {
  readonly #open = new Set<number>();
  readonly #waiting = new Set<{ readonly accountId: number; readonly done: () => void }>();

  begin(account: CacheAccount): void {
    this.#open.add(account.id);
  }

  end(account: CacheAccount): void {
    this.#open.delete(account.id);
    for (const { accountId, done } of this.#waiting) if (accountId === account.id) done();
  }

  /** Waits until a session that is online has begun for the cache, too; at most for `withinMs`. */
  async closed(account: CacheAccount, withinMs: number): Promise<void> {
    if (!this.isOpen(account) || !account.online()) return;
    await new Promise<void>((resolve) => {
      const waiting = {
        accountId: account.id,
        done: () => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve();
        },
      };
      const timer = setTimeout(waiting.done, withinMs).unref();
      this.#waiting.add(waiting);
    });
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
