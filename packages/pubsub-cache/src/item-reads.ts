import { NotConnectedError } from "@larder/core";
import { fitsKey, type NodeRecord } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { CacheContext } from "./context.js";
import { contradicts } from "./contradictions.js";
import { isAnswer } from "./faults.js";
import type { Keeper } from "./keeper.js";
import { isReadable } from "./node-state.js";
import { CacheReader, checkSelection, notCached, type ReadAnswer, type ReadRequest } from "./reader.js";
import type { RecentlySeen } from "./recently-seen.js";
import { ServiceItems } from "./service-items.js";
import { ServiceReader } from "./service-reader.js";
import { nextListing } from "./silences.js";

export interface ItemReadsOptions {
  readonly keeper: Keeper;
  /** The accounts that were seen, by their rows. */
  readonly accounts: Map<number, CacheAccount>;
  /** When each node was read last. */
  readonly lastRead: RecentlySeen;
}

const readable = (node: NodeRecord | undefined): node is NodeRecord => node !== undefined && isReadable(node);

/** Refusals that contradict a copy. */
const DENIALS: ReadonlySet<string> = new Set(["not_found", "forbidden"]);

/** Number of reads that try a failing node again, before its pauses hold for reads too. */
const TRIES_BY_READING = 3;

/** Reads items from the copy of a node or from its service, and sees to the copy where the answer asks for it. */
export class ItemReads {
  readonly #context: CacheContext;
  readonly #options: ItemReadsOptions;
  readonly #fromCache: CacheReader;
  readonly #fromService = new ServiceReader();
  readonly #serviceItems: ServiceItems;

  constructor(context: CacheContext, options: ItemReadsOptions) {
    this.#context = context;
    this.#options = options;
    this.#fromCache = new CacheReader(context.store);
    this.#serviceItems = new ServiceItems(context);
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
    options: { useCache?: boolean; written?: boolean } = {},
  ): Promise<ReadAnswer> {
    checkSelection(request);
    const online = account.online();
    const useCache = options.useCache ?? true;
    // In one view of the database: a second one would cost as much as the items.
    const { node, answer: cached } = await this.#context.store.database.read(async () => {
      const node = await this.#find(account, request);
      const isUsable = useCache && node && (online ? this.#isFresh(account, node) : readable(node));
      return {
        node,
        answer: isUsable
          ? await this.#fromCache.read(node, request, { exact: online, written: options.written })
          : undefined,
      };
    });
    if (cached) {
      if (online && node) this.#considerListing(account, request, node);
      return online ? cached : { ...cached, stale: true };
    }
    if (!online) throw new NotConnectedError(account.jid);
    const requester = this.#context.traffic.foreground(account.requester);
    const { namespaces, ...answer } = await this.#fromService
      .read(requester, request)
      .catch(async (error) => {
        // No node, or none for us: what is kept of it is not the service's truth.
        if (isAnswer(error) && DENIALS.has(error.type)) await this.doubt(account, request, node);
        throw error;
      });
    if (node?.state === "synced" && (await contradicts(this.#context.store, node, request, answer)))
      await this.doubt(account, request, node);
    const { service, node: name } = request;
    const items = await this.#serviceItems.complete({ service, node: name }, node, answer.items, namespaces);
    if (useCache) this.#considerSync(account, request, node, namespaces);
    return { ...answer, items };
  }

  /**
   * Items of a cached node, from the cache alone.
   *
   * @throws {NotFoundError} the node is not cached
   */
  async getCached(
    account: CacheAccount,
    request: ReadRequest,
    { written }: { written?: boolean } = {},
  ): Promise<ReadAnswer> {
    checkSelection(request);
    const node = await this.#find(account, request);
    const answer = readable(node)
      ? await this.#fromCache.read(node, request, { exact: false, written })
      : undefined;
    return answer ?? notCached(request);
  }

  /** True if the cache answers as the service would. */
  #isFresh(account: CacheAccount, node: NodeRecord): boolean {
    if (node.state !== "synced" || this.#context.gaps.isOpen(account)) return false;
    // A shared copy is up to date while somebody's events are applied to it.
    if (node.accountId === undefined && !this.#context.feeds.feederOf(node)) return false;
    const { unsubscribedMaxAgeMs } = this.#context.timing;
    return node.subscribed || Date.now() - (node.lastCheck?.getTime() ?? 0) < unsubscribedMaxAgeMs;
  }

  /** A node that somebody reads is compared by its ids more often than one that lies there. */
  #considerListing(account: CacheAccount, { service, node: name }: NodeAddress, node: NodeRecord): void {
    const { timing } = this.#context;
    const due = nextListing(node, timing, timing.listingMs);
    if (due === undefined || due > Date.now()) return;
    this.#options.accounts.set(account.id, account);
    this.#options.keeper.look(account, { service, node: name }, { routine: true });
  }

  /** Makes reads come from the service until the copy has been compared with it. */
  async doubt(
    account: CacheAccount,
    { service, node: name }: NodeAddress,
    node: NodeRecord | undefined,
  ): Promise<void> {
    if (!readable(node)) return;
    this.#options.accounts.set(account.id, account);
    this.#context.runs.note(node.id, (changes) => changes.doubted());
    await this.#context.store.nodes.markNodeStale(node.id);
    this.#options.keeper.look(account, { service, node: name }, { after: true });
  }

  #find(account: CacheAccount, { service, node }: NodeAddress): Promise<NodeRecord | undefined> {
    return this.#context.store.nodes.find({ accountId: account.id, service, node });
  }

  #considerSync(
    account: CacheAccount,
    { service, node: name }: NodeAddress,
    node: NodeRecord | undefined,
    namespaces: readonly string[],
  ): void {
    this.#options.accounts.set(account.id, account);
    const address = { service, node: name };
    this.#options.lastRead.note(account, address, namespaces[0]);
    if (node?.state === "ignored" || !fitsKey(name) || !fitsKey(service)) return;
    if (readable(node) && this.#context.gaps.isOpen(account)) return; // the session looks at it when it begins
    if (node && this.#isFresh(account, node)) return; // a copy that leaves out what was asked
    const pausing =
      node && node.failures >= TRIES_BY_READING && (node.nextCheck?.getTime() ?? 0) > Date.now();
    if (pausing) return;
    const analysis = this.#context.analysers.analyseItems(address, namespaces);
    if (analysis?.toSync || readable(node)) this.#options.keeper.look(account, address);
  }
}
