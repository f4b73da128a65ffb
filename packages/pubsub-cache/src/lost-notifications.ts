import type { CacheAccount } from "./account.js";

/** A service is compared at most once in this time because of notifications that could not be read. */
const PAUSE_MS = 600_000;
const MAX_SERVICES = 1000;

/** Says when the nodes of a service may be compared because a notification of it was dropped. */
export class LostNotifications {
  readonly #last = new Map<string, number>();

  /** @returns false where they were compared a short time ago */
  mayCompare(account: CacheAccount, service: string): boolean {
    const key = JSON.stringify([account.id, service]);
    const now = Date.now();
    if (now - (this.#last.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return false;
    this.#last.delete(key); // so that it is the youngest
    this.#last.set(key, now);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MAX_SERVICES && oldest !== undefined) this.#last.delete(oldest);
    return true;
  }
}
