import { ConnectionError, NotConnectedError } from "@larder/core";
import type { ListedNode, NodeRecord } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import { CatchUp } from "./catch-up.js";
import type { CacheContext } from "./context.js";
import { isDisconnection } from "./faults.js";
import { Jobs } from "./jobs.js";
import { ListingCheck } from "./listing-check.js";
import { needsFullCheck, nextCheckOf } from "./next-check.js";
import { hidesOverwrites, notesOf } from "./node-notes.js";
import { OverwriteBudget } from "./overwrite-budget.js";
import type { CacheEffort } from "./policy.js";
import { nextListing } from "./silences.js";
import { SoonListings } from "./soon-listings.js";
import { Synchroniser } from "./synchroniser.js";
import { Wakeup } from "./wakeup.js";

export interface KeeperOptions {
  readonly effort: CacheEffort;
  /** Told of background work that failed; the node's `lastError` has it too. */
  readonly onBackgroundError: (error: unknown, address: NodeAddress) => void;
}

/** A reading that was interrupted is followed by a comparison, and that, where it cannot tell, by a reading in one go. */
const MOST_ROUNDS = 4;

/** How many nodes are taken up at once when their time has come. */
const DUE_AT_ONCE = 100;

/**
 * Keeps nodes as their services have them: synchronises, catches up after an absence, tries again after a failure,
 * and looks again where nobody would tell of a change.
 */
export class Keeper {
  readonly #context: CacheContext;
  readonly #options: KeeperOptions;
  readonly #jobs: Jobs<NodeRecord>;
  readonly #synchroniser: Synchroniser;
  readonly #catchUp: CatchUp;
  readonly #wakeup: Wakeup;
  readonly #accounts: Map<number, CacheAccount>;
  readonly #overwrites: OverwriteBudget;
  readonly #listing: ListingCheck;
  readonly #soon: SoonListings;
  /** Nodes that have to be compared in full, though their ids may be the same. */
  readonly #doubted = new Set<string>();
  #stopped = false;

  constructor(context: CacheContext, accounts: Map<number, CacheAccount>, options: KeeperOptions) {
    this.#context = context;
    this.#accounts = accounts;
    this.#options = options;
    this.#jobs = new Jobs(options.effort.jobsPerAccount);
    this.#synchroniser = new Synchroniser(context);
    this.#catchUp = new CatchUp(context);
    this.#overwrites = new OverwriteBudget(options.effort.overwriteBytesPerDay);
    this.#listing = new ListingCheck(context);
    this.#soon = new SoonListings(context, () => this.wake());
    this.#wakeup = new Wakeup(() => this.#workOff());
  }

  isBusy(address: NodeAddress, account: CacheAccount): boolean {
    return this.#jobs.isRunning(keyOf(account, address));
  }

  /** Reads a node in full for somebody who waits for it, or joins what is being done with it. */
  synchronise(account: CacheAccount, address: NodeAddress, options: { tell: boolean }): Promise<NodeRecord> {
    const job = () =>
      this.#passingOn(account, address, () =>
        this.#synchroniser.sync(account, address, { ...options, afresh: true }),
      );
    const done = this.#jobs.run(keyOf(account, address), account.id, job, { urgent: true });
    const wake = () => this.wake();
    done.then(wake, wake);
    return done;
  }

  /** Sees to it in the background that a node is kept and up to date. */
  look(
    account: CacheAccount,
    address: NodeAddress,
    options: { after?: boolean; routine?: boolean } = {},
  ): void {
    if (!options.routine) this.#doubted.add(keyOf(account, address));
    const job = () => this.#passingOn(account, address, () => this.#care(account, address));
    this.#jobs.run(keyOf(account, address), account.id, job, options).then(
      () => this.#wakeup.by(this.#context.store.nodes.nextDue(new Date(0))),
      (error: unknown) => {
        this.#wakeup.by(this.#context.store.nodes.nextDue(new Date(0)));
        // Without a session the next one goes on.
        if (isDisconnection(error)) return;
        this.#options.onBackgroundError(error, address);
      },
    );
  }

  /** Sees to it that the ids of a node are compared soon, where its service does not tell of everything. */
  listSoon(node: NodeRecord): void {
    this.#soon.plan(node);
  }

  /** Looks at everything that an account keeps: a session has begun in which events may have been missed. */
  async sessionStarted(account: CacheAccount): Promise<void> {
    const { store } = this.#context;
    // After what runs now: it may be failing with the last session.
    for (const node of await store.nodes.markStale(account.id))
      this.look(account, addressOf(node), { after: true });
    this.#wakeup.by(store.nodes.nextDue(new Date(0)));
  }

  /** Takes up what the loss of the connection has cut short; nothing was missed. */
  async sessionResumed(account: CacheAccount): Promise<void> {
    for (const node of await this.#context.store.nodes.unfinished(account.id))
      this.look(account, addressOf(node), { after: true });
  }

  /** Takes up what is due, at its time. */
  wake(): void {
    this.#wakeup.by(this.#context.store.nodes.nextDue(new Date(0)));
  }

  stop(): void {
    this.#stopped = true;
    this.#jobs.stop(new ConnectionError("the cache is closed"));
    this.#wakeup.stop();
  }

  /** Where nobody feeds a shared node any more, another account compares it, and goes on. */
  async passOn(account: CacheAccount, address: NodeAddress): Promise<void> {
    const { store, feeds } = this.#context;
    const node = await store.sharedNodes.find(address.service, address.node);
    if (!node || feeds.feederOf(node)) return;
    const others = (await store.sharedNodes.readers(node.id)).filter((id) => id !== account.id);
    const next = others.map((id) => this.#accounts.get(id)).find((other) => other?.online());
    if (next) this.look(next, address, { after: true });
  }

  /** Whoever fed a shared node may be shut out of it by what the work meets, or have come back as one of its readers. */
  async #passingOn(
    account: CacheAccount,
    address: NodeAddress,
    work: () => Promise<NodeRecord>,
  ): Promise<NodeRecord> {
    try {
      const node = await work();
      if (node.accountId === undefined) await this.passOn(account, address);
      return node;
    } catch (error) {
      await this.passOn(account, address).catch(() => {}); // what the work has failed with is to be told
      throw error;
    }
  }

  /** Whether any node is being read or checked. */
  get isWorking(): boolean {
    return this.#jobs.running > 0;
  }

  idle(): Promise<void> {
    return this.#jobs.idle();
  }

  /** What a node needs now, until it is as its service has it, or that cannot be reached. */
  async #care(account: CacheAccount, address: NodeAddress): Promise<NodeRecord> {
    const routine = !this.#doubted.delete(keyOf(account, address));
    const listed = routine ? await this.#list(account, address) : undefined;
    if (listed) return listed;
    for (let round = 1; ; round++) {
      const node = await this.#careOnce(account, address);
      if (node.state !== "stale" || round >= MOST_ROUNDS) return node;
    }
  }

  /** A routine check by the ids alone; undefined where that is not enough. */
  async #list(account: CacheAccount, address: NodeAddress): Promise<NodeRecord | undefined> {
    const { store, timing, feeds } = this.#context;
    const node = await store.nodes.find({ accountId: account.id, ...address });
    if (this.#stopped || !account.online() || node?.state !== "synced" || node.lastError) return undefined;
    if (nextListing(node, timing) === undefined || !feeds.isFedBy(node, account)) return undefined;
    const fullCheckDue = (node.lastSync?.getTime() ?? 0) + timing.fullCheckMs <= Date.now();
    if (needsFullCheck(node) && fullCheckDue) return undefined;
    return this.#listing.check(account, address, node);
  }

  async #careOnce(account: CacheAccount, address: NodeAddress): Promise<NodeRecord> {
    const { store, timing, feeds } = this.#context;
    const node = await store.nodes.find({ accountId: account.id, ...address });
    if (this.#stopped || !account.online()) {
      if (node) await store.nodes.markNodeStale(node.id); // so that whoever comes back looks at it
      throw new NotConnectedError(account.jid);
    }
    if (node && node.accountId === undefined && !feeds.feederOf(node)) {
      feeds.begin(node, account);
      await store.nodes.markNodeStale(node.id);
    }
    const readable = node && (node.state === "synced" || node.state === "stale");
    if (!node || !readable || node.resume)
      return this.#synchroniser.sync(account, address, { tell: readable === true, afresh: false });
    const fullCheckDue = (node.lastSync?.getTime() ?? 0) + timing.fullCheckMs <= Date.now();
    const hidden = needsFullCheck(node) && (fullCheckDue || notesOf(node).readInParts === true);
    const caughtUp =
      hidden || this.#readsWhole(node) ? undefined : await this.#catchUp.catchUp(account, address, node);
    return caughtUp ?? this.#synchroniser.sync(account, address, { tell: true, afresh: true });
  }

  /** True if items may have been overwritten in their places during an absence, and the node is small enough to find out at once. */
  #readsWhole(node: NodeRecord): boolean {
    const notes = notesOf(node);
    if (node.state !== "stale" || !hidesOverwrites(notes) || notes.archived) return false;
    const { readWholeBytes } = this.#options.effort;
    return node.bytes <= readWholeBytes || this.#overwrites.take(node.service, node.bytes);
  }

  /** Takes up the nodes that are due, and says when the next one is. */
  async #workOff(): Promise<void> {
    const { store } = this.#context;
    const now = new Date();
    for (const node of await store.nodes.due(now, DUE_AT_ONCE)) {
      const account = this.#whoCares(node);
      if (!account) {
        // Whoever comes online, or goes on, looks at what is stale.
        await store.nodes.update(node.id, { nextCheck: null });
        await store.nodes.markNodeStale(node.id);
      } else if (!(await this.#discard(node))) {
        await store.nodes.update(node.id, { nextCheck: null });
        this.look(account, addressOf(node), { routine: true });
      }
    }
    this.#wakeup.by(store.nodes.nextDue(new Date(0)));
  }

  #whoCares({ accountIds }: ListedNode): CacheAccount | undefined {
    return accountIds.map((id) => this.#accounts.get(id)).find((account) => account?.online());
  }

  /**
   * Removes what has expired at the service, or by the policy.
   *
   * @returns whether that was all that the node was due for
   */
  async #discard(listed: ListedNode): Promise<boolean> {
    const { store, lanes, timing, policy } = this.#context;
    const { itemExpireSeconds } = notesOf(listed);
    if (itemExpireSeconds === undefined && policy.maxAgeMs === undefined) return false;
    if (listed.state !== "synced" || listed.lastError) return false;
    return lanes.run(laneOf(listed), () =>
      store.database.write(async () => {
        const node = await store.nodes.get(listed.id);
        if (!node) return true;
        const now = Date.now();
        if (itemExpireSeconds !== undefined)
          await store.itemCare.discard(node.id, { since: new Date(now - itemExpireSeconds * 1000) });
        if (policy.maxAgeMs !== undefined)
          await store.itemCare.trim(node.id, { since: new Date(now - policy.maxAgeMs) });
        const nextCheck = await nextCheckOf(store, timing, policy, node);
        if (nextCheck && nextCheck.getTime() <= now) return false;
        await store.nodes.update(node.id, { nextCheck });
        return true;
      }),
    );
  }
}

const addressOf = ({ service, node }: NodeAddress): NodeAddress => ({ service, node });

const keyOf = (account: CacheAccount, { service, node }: NodeAddress): string =>
  JSON.stringify([account.id, service, node]);
