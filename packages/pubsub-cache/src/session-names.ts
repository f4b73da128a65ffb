import { randomUUID } from "node:crypto";
import type { CacheAccount } from "./account.js";

/** Names for the sessions of accounts, other ones in every process. */
export class SessionNames {
  readonly #names = new Map<number, string>();

  of(account: CacheAccount): string {
    return this.#names.get(account.id) ?? this.begin(account);
  }

  /** A session has begun that is not the continuation of the last one. */
  begin(account: CacheAccount): string {
    const name = randomUUID();
    this.#names.set(account.id, name);
    return name;
  }
}
