import { EventEmitter } from "node:events";
import { hasErrorType, Lanes, NotConnectedError, type XmlElement } from "@larder/core";
import {
  type FoundItem,
  fitsKey,
  type ItemSearch,
  type NodeFilter,
  type NodeRecord,
  type Store,
} from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { Analyser } from "./analysers/analyser.js";
import { AnalyserRegistry } from "./analysers/registry.js";
import type { ItemParser } from "./ingest.js";
import { LiveEvents } from "./live.js";
import { CacheReader, checkSelection, notCached, type ReadAnswer, type ReadRequest } from "./reader.js";
import { ServiceReader } from "./service-reader.js";
import { Synchroniser, type SyncProgress } from "./synchroniser.js";

export interface PubsubCacheOptions {
  readonly store: Store;
  readonly pool: ItemParser;
  /** Asked in this order; the first that matches decides. */
  readonly analysers: readonly Analyser[];
  /** Told of background work that failed; the node's `lastError` has it too. */
  readonly onBackgroundError?: (error: unknown, address: NodeAddress) => void;
  /**
   * How long a synchronised node is answered from the cache although its service does not let us subscribe,
   * so that no events tell of changes. Default 300_000.
   */
  readonly unsubscribedMaxAgeMs?: number;
}

/** What the cache tells while it works; durable events are in the event log. */
export interface PubsubCacheEvents {
  progress: [SyncProgress];
  /** Items came whose ids are too long to be kept: the cache goes on without them. */
  dropped: [NodeAddress & { readonly account: string; readonly items: number }];
}

const UNSUBSCRIBED_MAX_AGE_MS = 300_000;

const readable = (node: NodeRecord | undefined): node is NodeRecord =>
  node?.state === "synced" || node?.state === "stale";

/**
 * A transparent cache in front of pubsub. A node that is synchronised is answered from the database,
 * any other by its service; where an analyser wants the node, its first read starts the
 * synchronisation. Whoever asks sees which it was by `source` alone.
 */
export class PubsubCache extends EventEmitter<PubsubCacheEvents> {
  readonly analysers: AnalyserRegistry;
  readonly #options: PubsubCacheOptions;
  readonly #lanes = new Lanes();
  readonly #synchroniser: Synchroniser;
  readonly #live: LiveEvents;
  readonly #fromCache: CacheReader;
  readonly #fromService = new ServiceReader();

  constructor(options: PubsubCacheOptions) {
    super();
    this.#options = options;
    this.analysers = new AnalyserRegistry(options.analysers);
    const shared = {
      store: options.store,
      pool: options.pool,
      analysers: this.analysers,
      lanes: this.#lanes,
      onDropped: (account: CacheAccount, address: NodeAddress, items: number) =>
        void this.emit("dropped", { account: account.jid, ...address, items }),
    };
    this.#synchroniser = new Synchroniser({
      ...shared,
      onProgress: (progress) => this.emit("progress", progress),
    });
    this.#live = new LiveEvents({
      ...shared,
      onDrift: (account, address) => this.#inBackground(account, address, { tell: true, afresh: true }),
      onChange: (account, address, itemIds) => this.#synchroniser.noteChange(account, address, itemIds),
    });
    this.#fromCache = new CacheReader(options.store);
  }

  /**
   * Items of a node, oldest first, from whoever can answer.
   *
   * @param options.useCache false asks the service in any case
   * @throws {NotConnectedError} the account is offline and the node is not cached
   * @throws {StanzaError} what the service answered
   */
  async getItems(
    account: CacheAccount,
    request: ReadRequest,
    options: { useCache?: boolean } = {},
  ): Promise<ReadAnswer> {
    checkSelection(request);
    const node = await this.#find(account, request);
    const useCache = options.useCache ?? true;
    if (useCache && node && (account.online() ? this.#isFresh(node) : readable(node))) {
      const answer = await this.#fromCache.read(node, request);
      return account.online() ? answer : { ...answer, stale: true };
    }
    if (!account.online()) throw new NotConnectedError(account.jid);
    const { namespace, ...answer } = await this.#fromService.read(account, request);
    if (useCache) this.#considerSync(account, request, node, namespace);
    return answer;
  }

  /**
   * Items of a cached node, from the cache alone.
   *
   * @throws {NotFoundError} the node is not cached
   */
  async getCached(account: CacheAccount, request: ReadRequest): Promise<ReadAnswer> {
    checkSelection(request);
    const node = await this.#find(account, request);
    return readable(node) ? this.#fromCache.read(node, request) : notCached(request);
  }

  /** Synchronises a node in full, or joins the synchronisation that runs. Resolves when it is done. */
  async sync(account: CacheAccount, address: NodeAddress): Promise<NodeRecord & { items: number }> {
    if (!account.online()) throw new NotConnectedError(account.jid);
    const node = await this.#synchroniser.sync(account, address);
    const listed = await this.nodes({
      accountIds: [account.id],
      services: [address.service],
      nodes: [address.node],
    });
    return listed[0] ?? { ...node, items: 0 };
  }

  /** The nodes that the cache knows. */
  nodes(filter: NodeFilter = {}): Promise<(NodeRecord & { items: number })[]> {
    return this.#options.store.nodes.list(filter);
  }

  /** @throws {InvalidQueryError} naming the part that cannot be used */
  search(search: ItemSearch): Promise<{ items: FoundItem[]; total?: number }> {
    return this.#options.store.itemSearch.search(search);
  }

  /**
   * Gives a message stanza to the cache; resolves when its effects are committed.
   *
   * @returns whether it was a notification that counts
   */
  handleMessage(account: CacheAccount, stanza: XmlElement): Promise<boolean> {
    return this.#live.handle(account, stanza);
  }

  /**
   * To be called when a session begins that is not the continuation of an older one: events may have
   * been missed, so every node of the account is stale until it was read again, which starts here.
   */
  async sessionStarted(account: CacheAccount): Promise<void> {
    for (const node of await this.#options.store.nodes.markStale(account.id)) {
      this.#inBackground(account, node, { tell: true });
    }
  }

  /** Whether a synchronisation runs now. */
  get isSynchronising(): boolean {
    return this.#synchroniser.running > 0;
  }

  /** Resolves when no background work is under way. */
  async idle(): Promise<void> {
    await this.#synchroniser.idle();
    await this.#lanes.idle();
  }

  /** Whether the cache says what the service would say. */
  #isFresh({ state, subscribed, lastCheck }: NodeRecord): boolean {
    if (state !== "synced") return false;
    const maxAgeMs = this.#options.unsubscribedMaxAgeMs ?? UNSUBSCRIBED_MAX_AGE_MS;
    return subscribed || Date.now() - (lastCheck?.getTime() ?? 0) < maxAgeMs;
  }

  #find(account: CacheAccount, { service, node }: NodeAddress): Promise<NodeRecord | undefined> {
    return this.#options.store.nodes.find({ accountId: account.id, service, node });
  }

  #considerSync(
    account: CacheAccount,
    { service, node: name }: NodeAddress,
    node: NodeRecord | undefined,
    namespace: string | undefined,
  ): void {
    if (node?.state === "ignored" || !fitsKey(name) || !fitsKey(service)) return;
    const address = { service, node: name };
    const analysis = this.analysers.analyse({ ...address, namespace });
    if (analysis?.toSync || readable(node)) this.#inBackground(account, address, { tell: readable(node) });
  }

  #inBackground(
    account: CacheAccount,
    { service, node }: NodeAddress,
    options: { tell: boolean; afresh?: boolean },
  ): void {
    const address = { service, node };
    this.#synchroniser.sync(account, address, options).catch((error: unknown) => {
      if (hasErrorType(error) && error.type === "not_connected") return; // the next session goes on
      this.#options.onBackgroundError?.(error, address);
    });
  }
}
