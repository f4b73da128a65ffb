import {
  ConflictError,
  fetchItemIds,
  fetchNodeMetadata,
  getItemsById,
  hasErrorType,
  NotAcceptableError,
  NotFoundError,
} from "@larder/core";
import { fitsKey, type ItemInput, type KnownItem, type NodeRecord } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import { described } from "./analysers/described.js";
import type { CacheContext } from "./context.js";
import { isAnswer } from "./faults.js";
import { changedItems, isNews, prepareItems, withKeepableIds } from "./ingest.js";
import { mergeLeftOut, tooLarge, tooLong } from "./left-out.js";
import { nextCheckOf } from "./next-check.js";
import { failNode } from "./node-failure.js";
import {
  hidesOverwrites,
  isShareable,
  type NodeNotes,
  notesOf,
  objection,
  observedOf,
} from "./node-notes.js";
import { type NodePage, readNode } from "./node-pages.js";
import type { RunChanges } from "./run-changes.js";
import { type RunState, runStateOf } from "./run-state.js";
import { type SyncRun, stateOf, takeSurplus } from "./sync-run.js";
import { tell } from "./telling.js";

/** What a synchronisation is to do. */
export interface SyncRequest {
  /** Log what differs from the older state as events of the origin `catchup`. */
  readonly tell: boolean;
  /** Begin anew, also where an earlier reading could be gone on with. */
  readonly afresh: boolean;
}

interface PreparedPage {
  readonly page: NodePage;
  readonly known: ReadonlyMap<string, KnownItem>;
  readonly prepared: ReadonlyMap<string, ItemInput>;
}

/**
 * Brings a node into the database: subscribes first, then reads everything, while events that arrive meanwhile are
 * applied in their order. Readers see what was there before until the end. Every part is committed with the
 * place where to go on.
 */
export class Synchroniser {
  readonly #context: CacheContext;

  constructor(context: CacheContext) {
    this.#context = context;
  }

  /**
   * Synchronises a node in full; only one at a time for a node.
   *
   * @returns the node as it is then; `ignored` where something speaks against keeping it
   * @throws {StanzaError} what the service answered; the older state stays readable
   * @throws {NotFoundError} the node was deleted meanwhile
   */
  async sync(account: CacheAccount, address: NodeAddress, request: SyncRequest): Promise<NodeRecord> {
    const { runs, store, followed } = this.#context;
    followed.note(account.id, address);
    const node = await store.nodes.ensure({ accountId: account.id, ...address });
    // Before anything is asked for: events from here on are newer than whatever its pages say.
    const changes = runs.begin(node.id);
    try {
      const goOn = request.afresh ? undefined : runStateOf(node);
      try {
        return await this.#sync(account, address, node, changes, request, goOn);
      } catch (error) {
        if (!goOn || !hasErrorType(error) || error.type !== "not_found") throw error;
        // XEP-0059 §2.4: the service no longer knows the place, or the node is gone, which a new reading tells.
        return await this.#sync(account, address, node, changes, request, undefined);
      }
    } catch (error) {
      // Another account reads the node that both share, and goes on.
      if (!(error instanceof ConflictError)) await failNode(this.#context, account, address, node, error);
      throw error;
    } finally {
      runs.end(node.id, changes);
    }
  }

  async #sync(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    changes: RunChanges,
    request: SyncRequest,
    goOn: RunState | undefined,
  ): Promise<NodeRecord> {
    const { store, subscriber, traffic, analysers, policy, arriving, sessionOf } = this.#context;
    const generation = goOn ? node.generation : await store.nodes.beginGeneration(node.id);
    const wasEmpty = goOn === undefined && !(await store.items.any(node.id));
    const subscribed = await subscriber.ensure(account, address);
    const requester = traffic.background(account.requester);
    const readable = node.state === "synced" || node.state === "stale";
    const run: SyncRun = {
      account,
      address,
      node,
      requester,
      changes,
      generation,
      tell: goOn?.tell ?? (request.tell && readable),
      startedAt: goOn?.startedAt ?? Date.now(),
      wasEmpty,
      interrupted: goOn !== undefined && (goOn.interrupted || goOn.session !== sessionOf(account)),
      notes: notesOf(node),
      analyser: goOn && analysers.byName(node.analyser),
      received: goOn?.received ?? 0,
      characters: goOn?.characters ?? 0,
      passedOver: goOn?.passedOver ?? false,
      doubtful: false,
      leftOut: goOn ? notesOf(node).leftOut : undefined,
      window: [],
    };
    run.notes = { ...observedOf(run.notes), ...(await this.#metadata(run)) };
    if (objection(run.notes) !== undefined) return this.#ignore(run);
    if (node.accountId === undefined && !isShareable(run.notes)) return this.#unshare(run, request);
    await arriving.settled(account, address); // events of an earlier session are older than any page
    const pages = readNode({
      requester,
      address,
      moment: () => changes.now,
      from: goOn?.mark,
      maxItems: policy.maxItems,
    });
    const shared = await this.#readAll(run, pages);
    if (shared) return shared;
    if (run.doubtful || (run.total ?? 0) > run.received) await this.#fetchMissing(run);
    return this.#finish(run, subscribed);
  }

  /** What the service says of the node; nothing where it does not say. */
  async #metadata({ requester, address, node }: SyncRun): Promise<NodeNotes> {
    try {
      const own = notesOf(node).configurable !== false;
      return await fetchNodeMetadata(requester, address.service, address.node, { own });
    } catch (error) {
      // Who shares a node must not lose it for an answer that says nothing of it.
      if (isAnswer(error)) return node.accountId === undefined ? notesOf(node) : {};
      throw error;
    }
  }

  /**
   * Reads and stores everything: one part is asked for, one parsed and one written at a time.
   *
   * @returns the shared copy, at once, where there is one that serves this account too
   */
  async #readAll(run: SyncRun, pages: AsyncGenerator<NodePage>): Promise<NodeRecord | undefined> {
    let writing: Promise<void> = Promise.resolve();
    let first = true;
    try {
      for await (const page of pages) {
        if (first) {
          const shared = await this.#begun(run, page);
          if (shared) return shared;
          first = false;
        }
        if (page.startsOver) {
          await writing;
          run.leftOut = undefined;
          run.received = 0;
          run.characters = 0;
        }
        if (page.ways) run.notes = { ...run.notes, ...page.ways };
        if (page.passedOver) run.passedOver = true;
        if (page.tooLarge) run.leftOut = mergeLeftOut(run.leftOut, page.tooLarge.map(tooLarge));
        if (page.doubtful) run.doubtful = true;
        run.total = page.total ?? run.total;
        const prepared = this.#prepare(run, page);
        prepared.catch(() => {}); // awaited below, in its turn
        await writing;
        writing = prepared.then((ready) => this.#write(run, ready));
        writing.catch(() => {}); // awaited on the next turn or below
      }
      return undefined;
    } finally {
      // Also where a page failed: a run that has ended must not write into the next one.
      await writing;
    }
  }

  /** The first items are there: what kind of node it is can be told, and that the account may read it is proven. */
  async #begun(run: SyncRun, page: NodePage): Promise<NodeRecord | undefined> {
    const { store, analysers } = this.#context;
    const { account, address, node } = run;
    if (node.accountId !== undefined && isShareable(run.notes)) {
      const shared = await store.sharedNodes.find(address.service, address.node);
      if (shared && (shared.state === "synced" || shared.state === "stale")) {
        await store.sharedNodes.addReader(shared.id, account.id);
        return shared;
      }
    }
    if (run.analyser) return undefined;
    const namespaces = page.items.map(({ payload }) => payload?.namespace);
    const found = analysers.analyseItems({ ...address, nodeType: run.notes.type }, namespaces);
    // A node that is empty now keeps the name that its items gave it.
    const kept = found ? undefined : analysers.byName(node.analyser);
    run.analysis = found ?? (kept && { ...kept, analyser: kept.name, subtype: node.subtype });
    run.analyser = analysers.byName(run.analysis?.analyser);
    await store.nodes.update(node.id, { ...described(run.analysis), metadata: run.notes });
    return undefined;
  }

  async #prepare(run: SyncRun, page: NodePage): Promise<PreparedPage> {
    const { store, pool, seen, onDropped } = this.#context;
    const { account, address, node, analyser } = run;
    const items = withKeepableIds(page.items, (dropped) => {
      run.leftOut = mergeLeftOut(run.leftOut, dropped.map(tooLong));
      onDropped(account, address, dropped.length);
    });
    const known = await store.items.known(
      node.id,
      items.map(({ id }) => id),
    );
    const changed = changedItems(items, known, analyser);
    const subtype = run.analysis ? run.analysis.subtype : node.subtype;
    const timed = seen.timed(address, changed);
    const prepared = await prepareItems(pool, address, subtype, analyser, timed);
    return {
      page: { ...page, items },
      known,
      prepared: new Map(prepared.map((input) => [input.itemId, input])),
    };
  }

  /** Keeps one part, in the node's lane so that events keep their place between the parts. */
  async #write(run: SyncRun, { page, known, prepared }: PreparedPage): Promise<void> {
    const { store, lanes, policy, sessionOf, onProgress } = this.#context;
    const { account, address, node, generation, changes } = run;
    await lanes.run(laneOf(address), async () => {
      await this.#stillThere(run);
      const current = changes.stillTrue(page.items, page.moment);
      // Where overwritten items keep their places, an event changes nothing of them.
      const placed = hidesOverwrites(run.notes) ? changes.stillThere(page.items, page.moment) : current;
      const changed = current.flatMap(({ id }) => prepared.get(id) ?? []);
      const order = placed.map(({ id }) => id);
      const characters = run.characters + page.items.reduce((sum, { xml }) => sum + xml.length, 0);
      if (policy.maxBytes !== undefined && characters > policy.maxBytes * FAR_TOO_LARGE)
        throw new NotAcceptableError(
          `${address.node} has more than ${FAR_TOO_LARGE} times what is kept of a node`,
        );
      const surplus = takeSurplus(run, order, policy.maxItems);
      await store.database.write(async (unit) => {
        await this.#stillThere(run); // taking nodes out of the cache does not wait for their lanes
        await store.items.storePage(node.id, generation, run.received, order, changed);
        if (surplus.length > 0) await store.itemCare.removeUnplaced(node.id, surplus);
        const told = changed.filter((input) => isNews(input, known.get(input.itemId)));
        if (run.tell && told.length > 0) {
          const ids = told.map(({ itemId }) => itemId);
          await tell(unit, store, node, account.id, address, { event: "items", ids, origin: "catchup" });
        }
        if (page.mark) {
          const received = run.received + page.items.length;
          const resume = stateOf(run, sessionOf(account), { mark: page.mark, received, characters });
          await store.nodes.update(node.id, { resume });
        }
      });
      changes.placed(page.items, page.moment);
      run.received += page.items.length;
      run.characters = characters;
      run.window.push(order);
      if (policy.maxItems === undefined) run.window.length = 0;
    });
    onProgress({
      account: account.jid,
      ...address,
      received: run.received,
      total: run.total,
      state: "syncing",
    });
  }

  /** Counts may lie and answers may be cut: the list of ids tells what has not come. */
  async #fetchMissing(run: SyncRun): Promise<void> {
    const { store } = this.#context;
    const { requester, address, node, changes, generation } = run;
    if (run.passedOver) return;
    let ids: string[];
    try {
      ids = await fetchItemIds(requester, address.service, address.node);
    } catch (error) {
      if (isAnswer(error)) return;
      throw error;
    }
    const seen = await store.itemCare.seenBy(node.id, generation);
    const missing = ids.filter((id) => !seen.has(id) && fitsKey(id));
    for (let start = 0; start < missing.length; start += MISSING_AT_ONCE) {
      const moment = changes.now;
      const part = missing.slice(start, start + MISSING_AT_ONCE);
      const items = await getItemsById(requester, address, part, (id) => {
        run.leftOut = mergeLeftOut(run.leftOut, [tooLarge(id)]);
      });
      await this.#write(run, await this.#prepare(run, { items, moment }));
    }
  }

  /** Something speaks against keeping the node: nothing of it is, and what is known of it says why. */
  #ignore(run: SyncRun): Promise<NodeRecord> {
    const { store, lanes } = this.#context;
    return lanes.run(laneOf(run.address), async () => {
      await this.#stillThere(run);
      await store.database.write(async () => {
        await store.items.clear(run.node.id);
        await store.nodes.update(run.node.id, {
          state: "ignored",
          metadata: run.notes,
          resume: null,
          nextCheck: null,
          lastCheck: new Date(),
          lastError: null,
          failures: 0,
        });
      });
      return (await store.nodes.get(run.node.id)) ?? run.node;
    });
  }

  /** A node that accounts shared is no longer for everybody: each gets a copy of its own, of what it may read itself. */
  async #unshare(run: SyncRun, request: SyncRequest): Promise<NodeRecord> {
    await this.#context.store.nodes.remove(run.node.id);
    return this.sync(run.account, run.address, { ...request, afresh: true });
  }

  #finish(run: SyncRun, subscribed: boolean): Promise<NodeRecord> {
    const { store, lanes, policy, timing, feeds, onProgress } = this.#context;
    const { account, address, node, generation } = run;
    return lanes.run(laneOf(address), async () => {
      const finished = await store.database.write(async (unit) => {
        const current = await this.#stillThere(run);
        // What events have brought since its page was asked for stands behind all pages.
        if (!hidesOverwrites(run.notes))
          await store.itemCare.moveToEnd(node.id, run.changes.publishedSince(0));
        const gone = await store.items.finishGeneration(node.id, generation, { wasEmpty: run.wasEmpty });
        if (run.tell && gone.length > 0)
          await tell(unit, store, node, account.id, address, {
            event: "retract",
            ids: gone,
            origin: "catchup",
          });
        const notes = {
          ...run.notes,
          readInParts: run.interrupted || undefined,
          listedAt: Date.now(),
          leftOut: run.leftOut,
        };
        const started = new Date(run.startedAt);
        await store.nodes.update(node.id, {
          state: "synced",
          subscribed: subscribed && current.state !== "ignored",
          metadata: notes,
          resume: null,
          bytes: run.characters,
          completeFrom: run.passedOver ? 0 : null,
          lastSync: started,
          lastCheck: started,
          lastError: null,
          failures: 0,
        });
        // What may have changed behind the reading is looked for next; until then the copy is as good as after an absence.
        if (run.interrupted) await store.nodes.markNodeStale(node.id);
        const since = policy.maxAgeMs === undefined ? undefined : new Date(Date.now() - policy.maxAgeMs);
        await store.itemCare.trim(node.id, { items: policy.maxItems, bytes: policy.maxBytes, since });
        const ended = (await store.nodes.get(node.id)) ?? node;
        await store.nodes.update(node.id, { nextCheck: await nextCheckOf(store, timing, policy, ended) });
        if (node.accountId !== undefined && isShareable(run.notes)) await store.sharedNodes.share(node.id);
        return store.nodes.get(node.id);
      });
      if (finished && finished.accountId === undefined && !feeds.feederOf(finished))
        feeds.begin(finished, account);
      const { received } = run;
      onProgress({ account: account.jid, ...address, received, total: received, state: "synced" });
      return finished ?? node;
    });
  }

  /** @throws {NotFoundError} an event has told that the node is no more, or it was taken out of the cache */
  async #stillThere({ address, node, generation }: SyncRun): Promise<NodeRecord> {
    const current = await this.#context.store.nodes.get(node.id);
    if (current?.generation === generation) return current;
    if (current)
      throw new ConflictError(`another reading of ${address.node} at ${address.service} has begun`);
    throw new NotFoundError(`the node ${address.node} at ${address.service} was deleted while it was read`);
  }
}

const MISSING_AT_ONCE = 50;

/** A node that has so many times what is kept of one is read no further: it may have no end. */
const FAR_TOO_LARGE = 4;
