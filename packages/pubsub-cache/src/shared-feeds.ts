import type { NodeRecord } from "@larder/storage";
import type { CacheAccount } from "./account.js";

/**
 * Which account's events are applied to a node that several share: each of them has the same events, at times of its
 * own, and an older one must not undo a newer.
 */
export class SharedFeeds {
  readonly #feeders = new Map<number, CacheAccount>();

  /** Whether this account feeds the node: its own copy always, a shared one where no other does. */
  isFedBy(node: NodeRecord, account: CacheAccount): boolean {
    if (node.accountId !== undefined) return true;
    return this.#feeders.get(node.id)?.id === account.id;
  }

  /** Who feeds a shared node, as long as it is online. */
  feederOf({ id }: NodeRecord): CacheAccount | undefined {
    const feeder = this.#feeders.get(id);
    return feeder?.online() ? feeder : undefined;
  }

  /** From now on this account feeds the node; what it was told before was not applied. */
  begin({ id }: NodeRecord, account: CacheAccount): void {
    this.#feeders.set(id, account);
  }

  /** This account no longer feeds the node; the next one that looks at it does. */
  release({ id }: NodeRecord, account: CacheAccount): void {
    if (this.#feeders.get(id)?.id === account.id) this.#feeders.delete(id);
  }

  /** The nodes that an account has fed, which somebody else has to do now. */
  end(account: CacheAccount): number[] {
    const fed = [...this.#feeders].filter(([, feeder]) => feeder.id === account.id).map(([id]) => id);
    for (const id of fed) this.#feeders.delete(id);
    return fed;
  }
}
