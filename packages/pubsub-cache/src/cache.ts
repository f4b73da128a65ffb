import { EventEmitter } from "node:events";
import {
  bareJid,
  Lanes,
  NotConnectedError,
  type Requester,
  type SubscriptionState,
  type XmlElement,
} from "@larder/core";
import type {
  FoundItem,
  ItemSearch,
  ListedNode,
  NodeFilter,
  NodeRecord,
  PurgeFilter,
  Store,
} from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { Analyser } from "./analysers/analyser.js";
import { AnalyserRegistry } from "./analysers/registry.js";
import { ArrivingEvents } from "./arriving-events.js";
import type { CacheContext, SyncProgress } from "./context.js";
import { type Explanation, explain } from "./explain.js";
import { isAnswer } from "./faults.js";
import { FollowedNodes } from "./followed-nodes.js";
import type { ItemParser } from "./ingest.js";
import { ItemReads } from "./item-reads.js";
import { Keeper } from "./keeper.js";
import { announcedNodes, LiveEvents } from "./live.js";
import { LiveItems } from "./live-items.js";
import { LostNotifications } from "./lost-notifications.js";
import { OwnNews } from "./own-news.js";
import { OwnWrites } from "./own-writes.js";
import {
  type CacheEffort,
  type CachePolicy,
  type CacheTiming,
  defaultEffort,
  defaultPolicy,
  defaultTiming,
} from "./policy.js";
import type { ReadAnswer, ReadRequest } from "./reader.js";
import { RecentlySeen } from "./recently-seen.js";
import { RunRegistry } from "./run-changes.js";
import { SeenItems } from "./seen-items.js";
import { ServiceTraffic } from "./service-traffic.js";
import { SessionGaps } from "./session-gaps.js";
import { SessionNames } from "./session-names.js";
import { SharedFeeds } from "./shared-feeds.js";
import { Sharing } from "./sharing.js";
import { Subscriber } from "./subscriber.js";

export interface PubsubCacheOptions {
  readonly store: Store;
  readonly pool: ItemParser;
  /** Asked in this order; the first that matches decides. */
  readonly analysers: readonly Analyser[];
  /** Told of background work that failed; the node's `lastError` has it too. */
  readonly onBackgroundError?: (error: unknown, address: NodeAddress) => void;
  /** What of a node is kept at most. */
  readonly policy?: CachePolicy;
  readonly timing?: Partial<CacheTiming>;
  readonly effort?: Partial<CacheEffort>;
}

/** What the cache tells while it works; durable events are in the event log. */
export interface PubsubCacheEvents {
  progress: [SyncProgress];
  /** Items came whose ids are too long to be kept: the cache goes on without them. */
  dropped: [NodeAddress & { readonly account: string; readonly items: number }];
}

/** Time that a session that is online may take to begin for the cache, before a synchronisation goes on without it. */
const BEGINNING_MS = 5000;

/**
 * A transparent cache in front of pubsub. A node that is synchronised is answered from the database,
 * any other by its service; where an analyser wants the node, its first read starts the
 * synchronisation. Whoever asks sees which it was by `source` alone.
 */
export class PubsubCache extends EventEmitter<PubsubCacheEvents> implements AsyncDisposable {
  readonly analysers: AnalyserRegistry;
  readonly #store: Store;
  readonly #context: CacheContext;
  readonly #closing = new AbortController();
  readonly #sessions = new SessionNames();
  readonly #accounts = new Map<number, CacheAccount>();
  readonly #seen = new RecentlySeen();
  readonly #lost = new LostNotifications();
  readonly #keeper: Keeper;
  readonly #sharing: Sharing;
  readonly #items: LiveItems;
  readonly #live: LiveEvents;
  readonly #writes: OwnWrites;
  readonly #reads: ItemReads;

  constructor(options: PubsubCacheOptions) {
    super();
    const { store, pool } = options;
    const effort = { ...defaultEffort, ...options.effort };
    const traffic = new ServiceTraffic(effort.requestsPerHost, this.#closing.signal);
    this.#store = store;
    this.analysers = new AnalyserRegistry(options.analysers);
    const followed = new FollowedNodes(store, this.announcedNodes);
    this.#context = {
      store,
      pool,
      analysers: this.analysers,
      lanes: new Lanes(),
      traffic,
      subscriber: new Subscriber(store, traffic, followed),
      feeds: new SharedFeeds(),
      runs: new RunRegistry(),
      followed,
      gaps: new SessionGaps(),
      arriving: new ArrivingEvents(),
      seen: new SeenItems(),
      news: new OwnNews(),
      policy: { ...defaultPolicy, ...options.policy },
      timing: { ...defaultTiming, ...options.timing },
      sessionOf: (account) => this.#sessions.of(account),
      onProgress: (progress) => void this.emit("progress", progress),
      onDropped: (account, address, items) =>
        void this.emit("dropped", {
          account: account.jid,
          service: address.service,
          node: address.node,
          items,
        }),
    };
    this.#keeper = new Keeper(this.#context, this.#accounts, {
      effort,
      onBackgroundError: options.onBackgroundError ?? (() => {}),
    });
    this.#sharing = new Sharing(this.#context, {
      accounts: this.#accounts,
      look: (account, address) => this.#keeper.look(account, address),
    });
    const onHint = (account: CacheAccount, { service, node }: NodeAddress) =>
      this.#keeper.look(account, { service, node }, { after: true });
    const onStored = (node: NodeRecord) => this.#keeper.listSoon(node);
    this.#items = new LiveItems({ ...this.#context, onHint, onStored });
    this.#live = new LiveEvents({ ...this.#context, items: this.#items, onHint });
    this.#writes = new OwnWrites({ ...this.#context, items: this.#items, onHint });
    this.#reads = new ItemReads(this.#context, {
      keeper: this.#keeper,
      accounts: this.#accounts,
      lastRead: this.#seen,
    });
  }

  /** Names of the nodes that the account's caps have to announce with `+notify` (XEP-0060 §9.2). */
  get announcedNodes(): readonly string[] {
    return announcedNodes(this.analysers);
  }

  /**
   * Items of a node, oldest first, from whoever can answer.
   *
   * @param options.useCache false asks the service in any case
   * @throws {NotConnectedError} the account is offline and the node is not cached
   * @throws {StanzaError} what the service answered
   */
  getItems(
    account: CacheAccount,
    request: ReadRequest,
    options: { useCache?: boolean; written?: boolean } = {},
  ): Promise<ReadAnswer> {
    return this.#reads.getItems(account, request, options);
  }

  /**
   * Items of a cached node, from the cache alone.
   *
   * @throws {NotFoundError} the node is not cached
   */
  getCached(
    account: CacheAccount,
    request: ReadRequest,
    options: { written?: boolean } = {},
  ): Promise<ReadAnswer> {
    return this.#reads.getCached(account, request, options);
  }

  /**
   * Reads a node in full, or joins what is being done with it. Resolves when it is done.
   *
   * @returns the node as it is then: `ignored` where something speaks against keeping it
   */
  async sync(account: CacheAccount, { service, node: name }: NodeAddress): Promise<ListedNode> {
    if (!account.online()) throw new NotConnectedError(account.jid);
    this.#accounts.set(account.id, account);
    const { gaps } = this.#context;
    if (gaps.isOpen(account)) await gaps.closed(account, BEGINNING_MS); // or the beginning would make it stale again
    const node = await this.#keeper.synchronise(account, { service, node: name }, { tell: false });
    const [listed] = await this.nodes({ accountIds: [account.id], services: [service], nodes: [name] });
    return listed ?? { ...node, accountIds: [account.id] };
  }

  /** The nodes that the cache knows. */
  nodes(filter: NodeFilter = {}): Promise<ListedNode[]> {
    return this.#store.nodes.list(filter);
  }

  /** Why a node is, or is not, in the cache, and what happens to it next. */
  async explain(account: CacheAccount, { service, node: name }: NodeAddress): Promise<Explanation> {
    const address = { service, node: name };
    const { policy, timing, traffic } = this.#context;
    const seen = this.#seen.get(account, address);
    const match = this.analysers.analyse({ ...address, namespace: seen?.namespace });
    return explain({
      address,
      node: await this.#find(account, address),
      online: account.online(),
      busy: this.#keeper.isBusy(address, account),
      match: match && { name: match.analyser, toSync: match.toSync },
      seen,
      quietUntil: traffic.quietUntil(service),
      policy,
      timing,
    });
  }

  /**
   * Takes nodes, or the older items of nodes, out of the cache. The services are not asked; what is read again
   * is fetched again.
   *
   * @returns the number of items removed
   */
  purge(filter: PurgeFilter): Promise<number> {
    return this.#store.cacheRemoval.purge(filter);
  }

  /** Empties the cache; it then fills again as if new. */
  reset(): Promise<{ nodes: number; items: number }> {
    this.#seen.clear();
    this.#context.seen.clear();
    return this.#store.cacheRemoval.reset();
  }

  /** @throws {InvalidQueryError} naming the part that cannot be used */
  search(search: ItemSearch): Promise<{ items: FoundItem[]; total?: number }> {
    return this.#store.itemSearch.search(search);
  }

  /**
   * Whether a notification may be of a node that the account follows, said at once and from memory. One that is not
   * need not be given to {@link handleMessage}.
   */
  follows(account: CacheAccount, stanza: XmlElement): boolean {
    return this.#context.followed.follows(account, stanza);
  }

  /** To be called when the roster has a contact: events of its nodes that our caps ask for are followed. */
  contactAdded(account: CacheAccount, jid: string): void {
    this.#context.followed.noteContact(account.id, jid);
  }

  /**
   * To be called as a notification arrives that is given to {@link handleMessage} later, in its turn: what the account has
   * changed after it is not applied before it.
   */
  eventArrived(account: CacheAccount, stanza: XmlElement): void {
    this.#context.arriving.begin(account, stanza);
  }

  /**
   * Gives a message stanza to the cache; resolves when its effects are committed.
   *
   * @returns whether it was a notification that counts
   */
  async handleMessage(account: CacheAccount, stanza: XmlElement): Promise<boolean> {
    try {
      return await this.#live.handle(account, stanza);
    } finally {
      this.#context.arriving.end(stanza);
    }
  }

  /**
   * To be called when a notification was over a limit and dropped unread: the nodes of its service are compared, once in
   * a while.
   */
  async notificationLost(account: CacheAccount, from: string | undefined): Promise<void> {
    const service = from === undefined ? account.jid : bareJid(from);
    if (service === undefined || !this.#lost.mayCompare(account, service)) return;
    for (const node of await this.nodes({ accountIds: [account.id], services: [service] }))
      await this.#reads.doubt(account, node, node);
  }

  /**
   * To be called when a session begins that is not the continuation of an older one: events may have
   * been missed, so every node of the account is stale until it was compared again, which starts here.
   */
  async sessionStarted(account: CacheAccount): Promise<void> {
    this.#accounts.set(account.id, account);
    this.#sessions.begin(account);
    this.#context.subscriber.sessionStarted(account);
    await this.#context.followed.load(account);
    await this.#keeper.sessionStarted(account);
    this.#context.gaps.end(account);
    await this.#sharing.sessionStarted(account);
  }

  /** To be called when a session goes on that was thought lost: what failed meanwhile is taken up again. */
  async sessionResumed(account: CacheAccount): Promise<void> {
    this.#accounts.set(account.id, account);
    this.#context.gaps.end(account);
    await this.#keeper.sessionResumed(account);
    await this.#sharing.sessionResumed(account);
  }

  /** To be called when an account has no session any more. */
  async sessionEnded(account: CacheAccount): Promise<void> {
    this.#context.gaps.begin(account);
    await this.#sharing.sessionEnded(account);
  }

  /** To be called when an account was removed: shared copies that nobody else may read go with it. */
  async accountRemoved(account: CacheAccount): Promise<void> {
    this.#accounts.delete(account.id);
    this.#context.followed.forget(account.id);
    await this.#sharing.sessionEnded(account);
    await this.#store.sharedNodes.removeUnread();
  }

  /**
   * Requests as an account makes them, for those who publish, retract, purge, delete and configure: when such a request
   * resolves, the cache has what the service has confirmed, and the change is told as an event.
   */
  writer(account: CacheAccount): Requester {
    return this.#writes.requester(account);
  }

  /** Subscribes an account to a node (XEP-0060 §6.1); what was missed of a kept one is looked for. */
  async subscribe(account: CacheAccount, { service, node: name }: NodeAddress): Promise<SubscriptionState> {
    const address = { service, node: name };
    const before = await this.#find(account, address);
    const state = await this.#context.subscriber.subscribe(account, address).catch(async (error) => {
      if (isAnswer(error) && error.type === "not_found") await this.#reads.doubt(account, address, before);
      throw error;
    });
    const node = await this.#find(account, address);
    if (node && !node.subscribed && state === "subscribed")
      this.#keeper.look(account, address, { after: true });
    return state;
  }

  /** Ends a subscription (XEP-0060 §6.2). A copy of the node stays, and is checked by its age from then on. */
  async unsubscribe(account: CacheAccount, { service, node: name }: NodeAddress): Promise<SubscriptionState> {
    const address = { service, node: name };
    const state = await this.#context.subscriber.unsubscribe(account, address);
    const node = await this.#find(account, address);
    if (node && node.accountId !== undefined) {
      const nextCheck = new Date(Date.now() + this.#context.timing.unsubscribedCheckMs);
      await this.#store.nodes.update(node.id, { subscribed: false, nextCheck });
      this.#keeper.wake();
    } else if (node) {
      this.#context.feeds.release(node, account);
      await this.#store.sharedNodes.removeReader(node.id, account.id);
      await this.#keeper.passOn(account, address);
    }
    return state;
  }

  /** Takes up the nodes whose time to be looked at has come; it happens by itself, too. */
  takeUpWhatIsDue(): void {
    this.#keeper.wake();
  }

  /** Whether nodes are being read or checked now. */
  get isSynchronising(): boolean {
    return this.#keeper.isWorking;
  }

  /** Resolves when no background work is under way. */
  async idle(): Promise<void> {
    await this.#items.idle();
    await this.#keeper.idle();
    await this.#context.lanes.idle();
  }

  /** Starts nothing by itself any more, and resolves when what runs has ended. */
  async close(): Promise<void> {
    this.#keeper.stop();
    this.#closing.abort(new Error("the cache is closed"));
    await this.idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #find(account: CacheAccount, { service, node }: NodeAddress): Promise<NodeRecord | undefined> {
    return this.#store.nodes.find({ accountId: account.id, service, node });
  }
}
