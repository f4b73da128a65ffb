import {
  AnswerTooLargeError,
  fetchItemIds,
  fetchNodeMetadata,
  NotFoundError,
  type Requester,
  requestItems,
  type WireItem,
} from "@larder/core";
import { fitsKey, type ItemInput, type NodeRecord } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import type { CacheContext } from "./context.js";
import { isAnswer } from "./faults.js";
import { isNews, prepareItems, withKeepableIds, withoutRepeats, withStored } from "./ingest.js";
import { type LeftOutItem, leftOutOf } from "./left-out.js";
import { oldestFirst } from "./newest-first.js";
import { nextCheckOf } from "./next-check.js";
import { publishedSince } from "./node-archive.js";
import { type Difference, findDifference } from "./node-difference.js";
import { failNode } from "./node-failure.js";
import {
  hidesOverwrites,
  isShareable,
  type NodeNotes,
  notesOf,
  objection,
  observedOf,
} from "./node-notes.js";
import type { RunChanges } from "./run-changes.js";
import { tell } from "./telling.js";

/** How many of the newest items are looked at first; twice as many each time that this does not reach back far enough. */
const NEWEST = 20;
/** Beyond this part of a node, reading everything costs no more. */
const LARGEST_PART = 0.5;

/** A difference, and what is left out of the copy in any case. */
interface Found extends Difference {
  readonly leftOut?: readonly LeftOutItem[];
}

/**
 * Brings a node that was kept up to an absence up to date: compares the ids of its items and the newest of them,
 * fetches what differs and drops what is gone. Where that cannot tell, it has to be read in full.
 */
export class CatchUp {
  readonly #context: CacheContext;

  constructor(context: CacheContext) {
    this.#context = context;
  }

  /**
   * @returns the node as it is then; undefined where only reading everything can tell
   * @throws {StanzaError} what the service answered; what is there stays
   */
  async catchUp(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
  ): Promise<NodeRecord | undefined> {
    const { runs } = this.#context;
    const changes = runs.begin(node.id);
    try {
      return await this.#catchUp(account, address, node, changes);
    } catch (error) {
      await failNode(this.#context, account, address, node, error);
      throw error;
    } finally {
      runs.end(node.id, changes);
    }
  }

  async #catchUp(
    account: CacheAccount,
    address: NodeAddress,
    { id }: NodeRecord,
    changes: RunChanges,
  ): Promise<NodeRecord | undefined> {
    const { store, subscriber, traffic, arriving, sessionOf } = this.#context;
    const session = sessionOf(account);
    const node = await store.nodes.markNodeStale(id);
    if (!node) throw new NotFoundError(`the node ${address.node} at ${address.service} was deleted`);
    const requester = traffic.background(account.requester);
    const subscribed = await subscriber.ensure(account, address);
    const notes = await this.#notes(requester, address, node);
    if (objection(notes) !== undefined || notes.stableItems === false) return undefined;
    if (node.accountId === undefined ? !isShareable(notes) : isShareable(notes)) return undefined;
    await arriving.settled(account, address); // those of an earlier session are older than any answer
    let moment = changes.now;
    let found = await this.#difference(account, address, node, notes);
    if (found?.nothingLeft) {
      // It may be another node of the same name. Prosody then still lists the subscription, but sends nothing.
      await subscriber.renew(account, address);
      moment = changes.now;
      found = await this.#difference(account, address, node, notes);
    }
    if (!found) return undefined;
    const now = {
      ...notes,
      leftOut: found.leftOut,
      listsIds: true,
      readInParts: undefined,
      listedAt: Date.now(),
    };
    return this.#apply(account, address, node, now, subscribed, found, { changes, moment, session });
  }

  async #difference(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    notes: NodeNotes,
  ): Promise<Found | undefined> {
    const requester = this.#context.traffic.background(account.requester);
    const listed = await this.#ids(requester, address, notes);
    if (!listed) return undefined;
    const leftOut = leftOutOf(listed, notes.leftOut);
    const missing = new Set(leftOut?.map(({ id }) => id));
    const ids = new Set([...listed].filter((id) => fitsKey(id) && !missing.has(id)));
    const kept = await this.#context.store.itemCare.order(node.id);
    const compared = await this.#compare(requester, address, node, ids, kept);
    const found = compared && { ...compared, leftOut };
    if (!found || !notes.archived || !hidesOverwrites(notes)) return found;
    return this.#withArchived(account, requester, address, node, found);
  }

  /** What was overwritten in its place, by the node's archive (XEP-0442). */
  async #withArchived(
    account: CacheAccount,
    background: Requester,
    address: NodeAddress,
    node: NodeRecord,
    found: Found,
  ): Promise<Found | undefined> {
    const since = node.lastCheck ?? new Date(0);
    const archived = await publishedSince(account.requester, background, address, since);
    if (!archived) return undefined;
    const settled = new Set([...found.gone, ...[...found.changed, ...found.added].map(({ id }) => id)]);
    const known = await this.#context.store.items.known(
      node.id,
      archived.map(({ id }) => id),
    );
    const changed = archived.filter(
      (item) => !settled.has(item.id) && found.kept.has(item.id) && isNews(item, known.get(item.id)),
    );
    return { ...found, changed: [...found.changed, ...changed] };
  }

  async #notes(
    requester: Requester,
    { service, node: name }: NodeAddress,
    node: NodeRecord,
  ): Promise<NodeNotes> {
    const before = notesOf(node);
    try {
      const own = before.configurable !== false;
      const told = await fetchNodeMetadata(requester, service, name, { own });
      return { ...observedOf(before), readInParts: before.readInParts, ...told };
    } catch (error) {
      if (isAnswer(error)) return before;
      throw error;
    }
  }

  /** All ids of the node; undefined where the service does not list them. */
  async #ids(
    requester: Requester,
    { service, node }: NodeAddress,
    notes: NodeNotes,
  ): Promise<ReadonlySet<string> | undefined> {
    if (notes.listsIds === false) return undefined;
    try {
      return new Set(await fetchItemIds(requester, service, node));
    } catch (error) {
      if (isAnswer(error) && error.type !== "not_found") return undefined;
      throw error;
    }
  }

  /** Looks at more and more of the newest items until what stands before them must be as it was. */
  async #compare(
    requester: Requester,
    address: NodeAddress,
    node: NodeRecord,
    ids: ReadonlySet<string>,
    kept: readonly { itemId: string; generation: number }[],
  ): Promise<Difference | undefined> {
    const { store } = this.#context;
    const order = kept.map(({ itemId }) => itemId);
    // What has come since the absence began says nothing of what came before it.
    const recent = new Set(
      kept.filter((item) => item.generation === node.generation).map((item) => item.itemId),
    );
    for (let wanted = NEWEST; ; wanted *= 4) {
      const newest = await this.#newest(requester, address, wanted);
      if (!newest) return undefined;
      const known = await store.items.known(
        node.id,
        newest.map(({ id }) => id),
      );
      const difference = findDifference({
        kept: order,
        recent,
        listed: ids,
        newest,
        isSame: (item) => !isNews(item, known.get(item.id)),
        all: newest.length >= ids.size,
        partial: node.completeFrom !== undefined,
      });
      if (difference) return difference;
      if (newest.length < wanted || wanted > Math.max(NEWEST, ids.size * LARGEST_PART)) return undefined;
    }
  }

  /** The newest items, oldest first; undefined where they are too large to be taken. */
  async #newest(requester: Requester, address: NodeAddress, wanted: number): Promise<WireItem[] | undefined> {
    try {
      const answer = oldestFirst(await requestItems(requester, { ...address, maxItems: wanted }));
      return withoutRepeats(answer.items)
        .filter(({ id }) => fitsKey(id))
        .slice(-wanted);
    } catch (error) {
      if (error instanceof AnswerTooLargeError) return undefined;
      throw error;
    }
  }

  async #prepared(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    wire: readonly WireItem[],
  ): Promise<ItemInput[]> {
    const { store, pool, analysers, seen, onDropped } = this.#context;
    const keepable = withKeepableIds(wire, (dropped) => onDropped(account, address, dropped.length));
    const stored = await store.items.known(
      node.id,
      keepable.map(({ id }) => id),
    );
    const items = keepable.map((item) => withStored(item, stored.get(item.id)));
    const known = analysers.byName(node.analyser);
    const namespaces = items.map(({ payload }) => payload?.namespace);
    const analyser = known ?? analysers.byName(analysers.analyseItems(address, namespaces)?.analyser);
    return prepareItems(pool, address, node.subtype, analyser, seen.timed(address, items));
  }

  async #apply(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    notes: NodeNotes,
    subscribed: boolean,
    { gone, changed, added, kept }: Difference,
    { changes, moment, session }: { changes: RunChanges; moment: number; session: string },
  ): Promise<NodeRecord | undefined> {
    const { store, lanes, timing, policy, gaps, sessionOf, onProgress } = this.#context;
    const inPlace = await this.#prepared(account, address, node, changed);
    const atEnd = await this.#prepared(account, address, node, added);
    const ended = await lanes.run(laneOf(address), () =>
      store.database.write(async (unit) => {
        const current = await store.nodes.get(node.id);
        if (!current) throw new NotFoundError(`the node ${address.node} at ${address.service} was deleted`);
        if (current.generation !== node.generation) return current;
        // What an earlier session has answered proves nothing in this one.
        if (gaps.isOpen(account) || sessionOf(account) !== session) return current;
        const overtaken = <Item extends { readonly itemId: string }>(inputs: readonly Item[]) =>
          changes
            .stillTrue(
              inputs.map((input) => ({ id: input.itemId, input })),
              moment,
            )
            .map(({ input }) => input);
        const vanished = overtaken(gone.map((itemId) => ({ itemId }))).map(({ itemId }) => itemId);
        const removed = vanished.length > 0 ? await store.items.remove(node.id, vanished) : [];
        const changedNow = overtaken(inPlace);
        const addedNow = overtaken(atEnd);
        const before = await store.items.known(
          node.id,
          addedNow.map(({ itemId }) => itemId),
        );
        await store.items.storeLive(node.id, current.generation, changedNow, { keepPlaces: true });
        await store.items.storeLive(node.id, current.generation, addedNow);
        const answered = changes.stillThere(added, moment).map(({ id }) => id);
        await store.itemCare.moveToEnd(node.id, behind(answered, { changes, moment, kept, notes }));
        const told = { origin: "catchup" } as const;
        const ids = [
          ...changedNow,
          ...addedNow.filter((input) => isNews(input, before.get(input.itemId))),
        ].map(({ itemId }) => itemId);
        if (ids.length > 0)
          await tell(unit, store, node, account.id, address, { event: "items", ids, ...told });
        if (removed.length > 0) {
          await store.events.scrubItems(unit, account.id, address, removed);
          await tell(unit, store, node, account.id, address, { event: "retract", ids: removed, ...told });
        }
        await store.nodes.update(node.id, {
          state: changes.doubtedSince(moment) ? "stale" : "synced",
          subscribed,
          metadata: notes,
          lastCheck: new Date(),
          lastError: null,
          failures: 0,
        });
        const since = policy.maxAgeMs === undefined ? undefined : new Date(Date.now() - policy.maxAgeMs);
        await store.itemCare.trim(node.id, { items: policy.maxItems, bytes: policy.maxBytes, since });
        const ended = (await store.nodes.get(node.id)) ?? current;
        const nextCheck = await nextCheckOf(store, timing, policy, ended);
        await store.nodes.update(node.id, { nextCheck });
        return { ...ended, nextCheck: nextCheck ?? undefined };
      }),
    );
    const received = inPlace.length + atEnd.length;
    onProgress({ account: account.jid, ...address, received, total: received, state: "synced" });
    return ended;
  }
}

/**
 * Ids of what events have brought while a node was compared, as they stand behind the rest. An event that comes later
 * says the same of its own item, so that the order is the service's in the end. Where overwritten items keep
 * their places no event tells the order of what has been answered: the answer does.
 */
function behind(
  answered: readonly string[],
  {
    changes,
    moment,
    kept,
    notes,
  }: Pick<Difference, "kept"> & { changes: RunChanges; moment: number; notes: NodeNotes },
): string[] {
  const published = changes.publishedSince(moment);
  if (!hidesOverwrites(notes) || published.length === 0) return published;
  const placed = new Set(answered);
  return [...answered, ...published.filter((id) => !placed.has(id) && !kept.has(id))];
}
