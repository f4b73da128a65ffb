import type { CacheAccount, NodeAddress } from "./account.js";

const MOST = 1000;

/** What was last read of nodes, to explain why one is not kept. */
export class RecentlySeen {
  readonly #nodes = new Map<string, { readonly namespace?: string }>();

  note(account: CacheAccount, address: NodeAddress, namespace: string | undefined): void {
    const key = keyOf(account, address);
    this.#nodes.delete(key); // so that it is the youngest
    this.#nodes.set(key, { namespace });
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size > MOST && oldest !== undefined) this.#nodes.delete(oldest);
  }

  get(account: CacheAccount, address: NodeAddress): { readonly namespace?: string } | undefined {
    return this.#nodes.get(keyOf(account, address));
  }

  clear(): void {
    this.#nodes.clear();
  }
}

const keyOf = (account: CacheAccount, { service, node }: NodeAddress): string =>
  JSON.stringify([account.id, service, node]);
