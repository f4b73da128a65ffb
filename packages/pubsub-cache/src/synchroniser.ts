import {
  errorFieldOf,
  getItems,
  hasErrorType,
  type ItemsAnswer,
  type Lanes,
  NotFoundError,
  subscribe,
  type WireItem,
} from "@larder/core";
import { fitsKey, type NodeRecord, type Store } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import type { Analyser, Analysis } from "./analysers/analyser.js";
import type { AnalyserRegistry } from "./analysers/registry.js";
import { changedItems, type ItemParser, prepareItems, withKeepableIds, withoutRepeats } from "./ingest.js";
import { RunChanges } from "./run-changes.js";

/** How far a synchronisation has come. */
export interface SyncProgress extends NodeAddress {
  readonly account: string;
  readonly received: number;
  /** What the service says the node holds, where it says so. */
  readonly total?: number;
  readonly state: "syncing" | "synced" | "error";
}

export interface SynchroniserOptions {
  readonly store: Store;
  readonly pool: ItemParser;
  readonly analysers: AnalyserRegistry;
  readonly lanes: Lanes;
  readonly onProgress: (progress: SyncProgress) => void;
  /** Items whose ids are too long to be kept were left out. */
  readonly onDropped: (account: CacheAccount, address: NodeAddress, count: number) => void;
}

/** Items of one request, and of one write; the first page is small so that something happens soon. */
const FIRST_PAGE = 100;
const PAGE = 250;
const WRITE_CHUNK = 100;

/** After how long a second `item-not-found` proves that a node is gone: one may be a passing fault. */
const GONE_AFTER_MS = 60_000;

/** An answer, and the moment in the sequence of events when it was asked for. */
interface Page extends ItemsAnswer {
  readonly moment: number;
}

/** A run in progress. */
interface Run {
  readonly account: CacheAccount;
  readonly address: NodeAddress;
  readonly node: NodeRecord;
  readonly generation: number;
  readonly analyser?: Analyser;
  readonly analysis?: Analysis;
  /** Whether each difference is told as an event: after a first synchronisation nobody has an older state to correct. */
  readonly tell: boolean;
  readonly changes: RunChanges;
  received: number;
}

/**
 * Brings a node into the database: subscribes first, then pages through everything, while events that
 * arrive meanwhile are applied in their order. Readers see what was there before until the end.
 */
export class Synchroniser {
  readonly #options: SynchroniserOptions;
  readonly #running = new Map<string, Promise<NodeRecord>>();
  readonly #waiting = new Map<string, Promise<NodeRecord>>();
  readonly #changes = new Map<string, RunChanges>();

  constructor(options: SynchroniserOptions) {
    this.#options = options;
  }

  /** Synchronisations that run now. */
  get running(): number {
    return this.#running.size;
  }

  isRunning(account: CacheAccount, address: NodeAddress): boolean {
    return this.#running.has(laneOf(account, address));
  }

  /**
   * Synchronises a node in full, or joins the run that does.
   *
   * @param options.tell log what differs from the older state as events of the origin `catchup`
   * @param options.afresh do not join a run that may have passed what has changed, but follow it
   * @throws {StanzaError} what the service answered; the older state stays readable
   * @throws {NotFoundError} the service deleted the node meanwhile
   */
  sync(
    account: CacheAccount,
    address: NodeAddress,
    options: { tell?: boolean; afresh?: boolean } = {},
  ): Promise<NodeRecord> {
    const key = laneOf(account, address);
    const running = this.#running.get(key);
    if (running) return options.afresh ? this.#after(running, key, account, address, options) : running;
    const run = this.#sync(account, address, options.tell ?? false).finally(() => this.#running.delete(key));
    this.#running.set(key, run);
    return run;
  }

  #after(
    running: Promise<NodeRecord>,
    key: string,
    account: CacheAccount,
    address: NodeAddress,
    options: { tell?: boolean },
  ): Promise<NodeRecord> {
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const next = running
      .catch(() => {})
      .then(() => {
        this.#waiting.delete(key);
        return this.sync(account, address, { tell: options.tell });
      });
    this.#waiting.set(key, next);
    return next;
  }

  /** What a run of this node needs to know about an event that was applied: ids of items, or `all` for a purge. */
  noteChange(account: CacheAccount, address: NodeAddress, itemIds: readonly string[] | "all"): void {
    const changes = this.#changes.get(laneOf(account, address));
    if (itemIds === "all") changes?.purged();
    else changes?.changed(itemIds);
  }

  /** Resolves when no synchronisation runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0 || this.#waiting.size > 0) {
      await Promise.allSettled([...this.#running.values(), ...this.#waiting.values()]);
    }
  }

  async #sync(account: CacheAccount, address: NodeAddress, tell: boolean): Promise<NodeRecord> {
    const { nodes } = this.#options.store;
    const key = { accountId: account.id, ...address };
    const node = (await nodes.find(key)) ?? (await nodes.ensure(key));
    const changes = new RunChanges();
    this.#changes.set(laneOf(account, address), changes);
    try {
      // Before anything is asked for: events from here on are kept as this run's, whatever its pages say.
      const generation = await nodes.beginGeneration(node.id);
      const subscribed = await this.#subscribe(account, address);
      const first = await this.#page({ account, address, changes }, FIRST_PAGE);
      const analysis = this.#options.analysers.analyse({
        ...address,
        namespace: first.items[0]?.payload?.namespace,
      });
      const run: Run = {
        account,
        address,
        node,
        analysis,
        analyser: this.#options.analysers.byName(analysis?.analyser),
        generation,
        tell: tell && (node.state === "synced" || node.state === "stale"),
        changes,
        received: 0,
      };
      await this.#pageThrough(run, first);
      return await this.#finish(run, subscribed);
    } catch (error) {
      await this.#failed(account, address, node, error);
      throw error;
    } finally {
      this.#changes.delete(laneOf(account, address));
    }
  }

  async #subscribe(account: CacheAccount, address: NodeAddress): Promise<boolean> {
    const { subscriptions } = this.#options.store;
    const existing = await subscriptions.find(account.id, address.service, address.node);
    if (existing.some(({ state }) => state === "subscribed")) return true;
    try {
      const { state, subid } = await subscribe(account.requester, address.service, address.node);
      await subscriptions.put({ accountId: account.id, ...address, subid: keepableSubid(subid), state });
      return state === "subscribed";
    } catch (error) {
      // A node that nobody may subscribe to can still be read; one that cannot be read fails there.
      if (hasErrorType(error) && error.type !== "not_connected" && error.type !== "timeout") return false;
      throw error;
    }
  }

  async #page(
    { account, address, changes }: Pick<Run, "account" | "address" | "changes">,
    max: number,
    after?: string,
  ): Promise<Page> {
    const moment = changes.now;
    return { ...(await getItems(account.requester, { ...address, rsm: { max, after } })), moment };
  }

  async #pageThrough(run: Run, first: Page): Promise<void> {
    const seen = new Set<string>();
    let storing: Promise<void> = Promise.resolve();
    let answer = first;
    try {
      for (;;) {
        const items = withoutRepeats(answer.items);
        const fresh = items.filter(({ id }) => !seen.has(id));
        for (const { id } of fresh) seen.add(id);
        const last = answer.rsm?.last;
        const total = answer.rsm ? answer.rsm.count : items.length;
        await storing; // at most one page waits to be stored while the next is on its way
        storing = this.#store(run, fresh, answer.moment, total);
        storing.catch(() => {}); // awaited on the next turn or below
        // Without a <set/> the service does not page and this was everything. A page without anything new is
        // the end too, whatever the service says: ejabberd ends with an empty one, others may repeat the last.
        if (!answer.rsm || last === undefined || fresh.length === 0) break;
        answer = await this.#page(run, PAGE, last);
      }
    } finally {
      // Also where a page failed: a run that has ended must not write into the next one.
      await storing;
    }
  }

  /** Stores the items of one answer in chunks, each in the node's lane so that events keep their place between them. */
  async #store(
    run: Run,
    page: readonly WireItem[],
    moment: number,
    total: number | undefined,
  ): Promise<void> {
    const { store, pool, lanes, onProgress, onDropped } = this.#options;
    const { account, address, node, generation, analyser, analysis, changes } = run;
    const items = withKeepableIds(page, (count) => onDropped(account, address, count));
    for (let start = 0; start < items.length; start += WRITE_CHUNK) {
      await lanes.run(laneOf(account, address), async () => {
        await this.#stillThere(run);
        const whole = items.slice(start, start + WRITE_CHUNK);
        const chunk = changes.stillTrue(whole, moment);
        const ids = chunk.map(({ id }) => id);
        const known = await store.items.known(node.id, ids);
        const changed = changedItems(chunk, known, analyser);
        const prepared = await prepareItems(pool, address, analysis?.subtype, analyser, changed);
        await store.database.write(async (unit) => {
          await store.items.storePage(node.id, generation, run.received, ids, prepared);
          const told = changed.filter(({ id, xml }) => known.get(id)?.xml !== xml);
          if (run.tell && told.length > 0) {
            await unit.log("ps_event", account.id, {
              ...address,
              event: "items",
              ids: told.map(({ id }) => id),
              origin: "catchup",
            });
          }
        });
        run.received += whole.length;
      });
      onProgress({ account: account.jid, ...address, received: run.received, total, state: "syncing" });
    }
  }

  #finish(run: Run, subscribed: boolean): Promise<NodeRecord> {
    const { store, lanes, onProgress } = this.#options;
    const { account, address, node, generation, analysis } = run;
    return lanes.run(laneOf(account, address), async () => {
      const finished = await store.database.write(async (unit) => {
        const current = await this.#stillThere(run);
        const gone = await store.items.finishGeneration(node.id, generation);
        if (run.tell && gone.length > 0) {
          await unit.log("ps_event", account.id, {
            ...address,
            event: "retract",
            ids: gone,
            origin: "catchup",
          });
        }
        const now = new Date();
        await store.nodes.update(node.id, {
          state: "synced",
          ...(analysis || !this.#options.analysers.byName(current.analyser) ? described(analysis) : {}),
          subscribed,
          lastSync: now,
          lastCheck: now,
          lastError: null,
        });
        return store.nodes.find({ accountId: account.id, ...address });
      });
      onProgress({
        account: account.jid,
        ...address,
        received: run.received,
        total: run.received,
        state: "synced",
      });
      return finished ?? node;
    });
  }

  /** @throws {NotFoundError} an event has told that the node is no more */
  async #stillThere({ account, address, node }: Run): Promise<NodeRecord> {
    const current = await this.#options.store.nodes.find({ accountId: account.id, ...address });
    if (current?.id === node.id) return current;
    throw new NotFoundError(`the node ${address.node} at ${address.service} was deleted while it was read`);
  }

  async #failed(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    error: unknown,
  ): Promise<void> {
    const { store, onProgress } = this.#options;
    if (isGone(node, error)) {
      await store.database.write(async () => {
        await store.nodes.remove(node.id);
        await store.subscriptions.remove(account.id, address.service, address.node);
      });
    } else {
      const readable = node.state === "synced" || node.state === "stale";
      await store.nodes.update(node.id, {
        state: readable ? "stale" : "error",
        lastCheck: new Date(),
        lastError: errorFieldOf(error),
      });
    }
    onProgress({ account: account.jid, ...address, received: 0, state: "error" });
  }
}

/** The id of a subscription, where it can be kept; one that cannot is as if the service had given none. */
export const keepableSubid = (subid: string | undefined): string | undefined =>
  subid !== undefined && fitsKey(subid) ? subid : undefined;

/** What an analysis says of a node, in the columns of its row. */
export function described(analysis: Analysis | undefined) {
  return {
    analyser: analysis?.analyser ?? null,
    type: analysis?.type ?? null,
    subtype: analysis?.subtype ?? null,
  };
}

/** Whether a failure means that there is no such node: at once where there never was one, else the second time. */
function isGone({ state, lastError, lastCheck }: NodeRecord, error: unknown): boolean {
  if (!hasErrorType(error) || error.type !== "not_found") return false;
  if (state === "new") return true;
  return lastError?.type === "not_found" && Date.now() - (lastCheck?.getTime() ?? 0) >= GONE_AFTER_MS;
}
