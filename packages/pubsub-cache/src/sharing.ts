import { asStorageFailure, hasErrorType, requestItems } from "@larder/core";
import type { NodeRecord } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { CacheContext } from "./context.js";

export interface SharingOptions {
  /** The accounts that have or had a session, by row id. */
  readonly accounts: ReadonlyMap<number, CacheAccount>;
  readonly look: (account: CacheAccount, address: NodeAddress) => void;
}

/** Sees to it that a shared node is fed by an account that is online, and read by nobody who may not. */
export class Sharing {
  readonly #context: CacheContext;
  readonly #options: SharingOptions;

  constructor(context: CacheContext, options: SharingOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** An account has a new session: it takes over what nobody feeds, and proves that it may still read the rest. */
  async sessionStarted(account: CacheAccount): Promise<void> {
    const { store, subscriber, feeds } = this.#context;
    const nodes = await store.sharedNodes.of(account.id);
    const [fed, orphans] = [[] as NodeRecord[], [] as NodeRecord[]];
    for (const node of nodes) {
      const feeder = feeds.feederOf(node);
      (feeder && feeder.id !== account.id ? fed : orphans).push(node);
    }
    for (const node of orphans) await this.#feed(node, account);
    for (const node of fed) {
      try {
        if (await this.#mayRead(node, account)) await subscriber.ensure(account, node);
        else await store.sharedNodes.removeReader(node.id, account.id);
      } catch (error) {
        if (asStorageFailure(error)) throw error; // anything else is asked again with the next session
      }
    }
  }

  /** A session goes on that was thought lost: what nobody feeds by now is this account's again. */
  async sessionResumed(account: CacheAccount): Promise<void> {
    const { store, feeds } = this.#context;
    for (const node of await store.sharedNodes.of(account.id))
      if (!feeds.feederOf(node)) await this.#feed(node, account);
  }

  /** An account has no session any more: others that may read its nodes feed them now. */
  async sessionEnded(account: CacheAccount): Promise<void> {
    const { store, feeds } = this.#context;
    const { accounts } = this.#options;
    for (const id of feeds.end(account)) {
      const node = await store.nodes.get(id);
      if (!node || node.accountId !== undefined) continue;
      const readers = await store.sharedNodes.readers(id);
      const next = readers.map((reader) => accounts.get(reader)).find((reader) => reader?.online());
      if (next) await this.#feed(node, next);
    }
  }

  /** What the former feeder was told last is not known, so the node is compared once more. */
  async #feed(node: NodeRecord, account: CacheAccount): Promise<void> {
    this.#context.feeds.begin(node, account);
    await this.#context.store.nodes.markNodeStale(node.id);
    this.#options.look(account, { service: node.service, node: node.node });
  }

  async #mayRead({ service, node }: NodeRecord, account: CacheAccount): Promise<boolean> {
    const requester = this.#context.traffic.background(account.requester);
    try {
      await requestItems(requester, { service, node, maxItems: 1 });
      return true;
    } catch (error) {
      return !(hasErrorType(error) && error.type === "forbidden");
    }
  }
}
