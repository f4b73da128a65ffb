import { getItemsById, type PubsubEvent, type WireItem } from "@larder/core";
import { fitsKey, type KnownItem, type NodeRecord } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import { described } from "./analysers/described.js";
import type { CacheContext } from "./context.js";
import { changedItems, isNews, prepareItems, withKeepableIds, withoutRepeats } from "./ingest.js";
import { tooLarge, tooLong } from "./left-out.js";
import { hidesOverwrites, mostItems, notesOf } from "./node-notes.js";
import { isKept, isReadable } from "./node-state.js";
import { noteLeftOut } from "./note-left-out.js";
import { publicationOf, retractionOf } from "./own-news.js";
import { tell } from "./telling.js";

type ItemsEvent = Extract<PubsubEvent, { event: "items" }>;

export interface LiveItemsOptions extends CacheContext {
  /** A node needs to be looked at: more has happened than its event tells. */
  readonly onHint: (account: CacheAccount, address: NodeAddress) => void;
  /** A node has new items, for which others may have had to make room. */
  readonly onStored: (node: NodeRecord) => void;
}

/** Items whose payload was not sent, waiting to be asked for. */
interface Wanted {
  readonly ids: Set<string>;
}

const AT_ONCE = 50;

/** Items that notifications bring, take away, or only name. */
export class LiveItems {
  readonly #options: LiveItemsOptions;
  readonly #wanted = new Map<number, Wanted>();
  readonly #fetching = new Set<Promise<void>>();

  constructor(options: LiveItemsOptions) {
    this.#options = options;
  }

  /** Resolves when no items are being fetched any more. */
  async idle(): Promise<void> {
    while (this.#fetching.size > 0) await Promise.all(this.#fetching);
  }

  /**
   * An event of a node that nobody asked for but by our caps. Where the node is to be kept, its items are from now on, and
   * told from there: what is read and told later of them is the same.
   */
  async announced(account: CacheAccount, address: NodeAddress, event: ItemsEvent): Promise<void> {
    const { store, analysers, followed, onHint } = this.#options;
    const namespaces = event.items.map(({ payload }) => payload?.namespace);
    const isWanted = analysers.analyseItems(address, namespaces)?.toSync === true && fitsKey(address.node);
    if (!isWanted) return this.#tellOnly(account, address, event);
    const withPayload = event.items.filter(({ payload, id }) => payload !== undefined && fitsKey(id));
    if (withPayload.length > 0) {
      followed.note(account.id, address);
      const node = await store.nodes.ensure({ accountId: account.id, ...address });
      await this.#store(account, address, node, withPayload, event.delayed ? "catchup" : "live", {
        first: true,
      });
    }
    const items = event.items.filter((item) => !withPayload.includes(item));
    await this.#tellOnly(account, address, { ...event, items });
    onHint(account, address);
  }

  async apply(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord | undefined,
    event: ItemsEvent,
  ): Promise<void> {
    // A node that is not kept is told of without being stored.
    if (node === undefined || !isKept(node)) return this.#tellOnly(account, address, event);
    if (event.retracted.length > 0) await this.#retract(account, address, node, event.retracted);
    const withPayload = event.items.filter(({ payload }) => payload !== undefined);
    const named = event.items.filter(({ payload }) => payload === undefined).map(({ id }) => id);
    if (withPayload.length > 0) {
      const fresh = await this.#store(
        account,
        address,
        node,
        withPayload,
        event.delayed ? "catchup" : "live",
        { notified: true },
      );
      // An item sent again that is unknown: it came while nobody told us, so others may have come too (§6.1.7).
      if (fresh && event.delayed) this.#options.onHint(account, address);
    }
    if (named.length > 0) this.#fetch(account, address, node, named); // §6.5.6, XEP-0472 §5.1.1
  }

  async #tellOnly(
    account: CacheAccount,
    address: NodeAddress,
    { items, retracted }: ItemsEvent,
  ): Promise<void> {
    const { store } = this.#options;
    await store.database.write(async (unit) => {
      const tellIt = (told: { event: "items" | "retract"; ids?: readonly string[]; items?: object[] }) =>
        tell(unit, store, undefined, account.id, address, { ...told, origin: "live" });
      if (retracted.length > 0) {
        await store.events.scrubItems(unit, account.id, address, retracted);
        await tellIt({ event: "retract", ids: retracted });
      }
      const withPayload = items.filter(({ payload }) => payload !== undefined);
      if (withPayload.length > 0) {
        const inline = withPayload.map(({ id, publisher, xml }) => ({ id, publisher, xml }));
        await tellIt({ event: "items", items: inline });
      }
      const named = items.filter(({ payload }) => payload === undefined).map(({ id }) => id);
      if (named.length > 0) await tellIt({ event: "items", ids: named });
    });
  }

  /** Items that the account has published: their service has confirmed it. */
  async published(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    items: readonly WireItem[],
  ): Promise<void> {
    await this.#store(account, address, node, items, "live", { own: true });
    for (const item of items) this.#options.news.expect(node.id, publicationOf(item));
  }

  /**
   * Items that the account has retracted: their service has confirmed it, and may notify of it or not (§7.2.2.1).
   *
   * @returns false where the service had one that the copy should have had, too
   */
  async retracted(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    ids: readonly string[],
  ): Promise<boolean> {
    const { store, news } = this.#options;
    const known = await store.items.known(node.id, ids);
    // Of a copy that lacks items of the node nobody knows whether they were there.
    const partial = node.completeFrom !== undefined || !isReadable(node);
    const told = ids.filter((id) => partial || known.has(id));
    await this.#remove(account, address, node, ids, told);
    for (const id of told) news.expect(node.id, retractionOf(id));
    return told.length === ids.length;
  }

  /** True if the copy differs in any of these items. */
  async differ(node: NodeRecord, items: readonly WireItem[]): Promise<boolean> {
    const ids = items.map(({ id }) => id);
    const known = await this.#options.store.items.known(node.id, ids);
    return items.some((item) => isNews(item, known.get(item.id)));
  }

  /** A notification of our purge: if there are items again, it is late, or is of somebody else's. */
  async purgedBefore(account: CacheAccount, address: NodeAddress, node: NodeRecord): Promise<void> {
    if (await this.#options.store.items.any(node.id)) await this.#doubt(account, address, node);
  }

  async #retract(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    ids: readonly string[],
  ): Promise<void> {
    const { news, store } = this.#options;
    const told = ids.filter((id) => !news.arrived(node.id, retractionOf(id)));
    const ours = ids.filter((id) => !told.includes(id));
    // We have published one again since: this is the late notification of ours, or somebody's retraction of that.
    if ((await store.items.known(node.id, ours)).size > 0) await this.#doubt(account, address, node);
    if (told.length > 0) await this.#remove(account, address, node, told, told);
  }

  async #remove(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    ids: readonly string[],
    told: readonly string[],
  ): Promise<void> {
    const { store, runs } = this.#options;
    await store.database.write(async (unit) => {
      await store.items.remove(node.id, ids);
      await store.events.scrubItems(unit, account.id, address, ids);
      if (told.length > 0)
        await tell(unit, store, node, account.id, address, { event: "retract", ids: told, origin: "live" });
    });
    runs.note(node.id, (changes) => changes.retracted(ids));
    if (notesOf(node).leftOut) await noteLeftOut(store, node.id, { gone: ids });
  }

  /** @returns whether any of them was new or different */
  async #store(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    items: readonly WireItem[],
    origin: "live" | "catchup",
    options: {
      /** Those that no event has overtaken since they were asked for. */
      readonly stillTrue?: (ids: readonly { id: string }[]) => readonly { id: string }[];
      /** They are what makes the node known, and told whatever they are. */
      readonly first?: boolean;
      /** A notification brings them, which may be late. */
      readonly notified?: boolean;
      /** Their service has confirmed them to us: notifications of what we changed before may still come. */
      readonly own?: boolean;
    } = {},
  ): Promise<boolean> {
    const { stillTrue = (ids) => ids, first = false, notified = false, own = false } = options;
    const { store, pool, analysers, seen, runs, onDropped, policy } = this.#options;
    const dropped: WireItem[] = [];
    const keepable = withoutRepeats(withKeepableIds(items, (others) => void dropped.push(...others)));
    if (dropped.length > 0) {
      onDropped(account, address, dropped.length);
      await noteLeftOut(store, node.id, { added: dropped.map(tooLong) });
    }
    if (keepable.length === 0) return false;
    // A node that was empty, or is being read for the first time, is recognised by what it brings.
    const known = analysers.byName(node.analyser);
    const namespaces = keepable.map(({ payload }) => payload?.namespace);
    const analysis = known ? undefined : analysers.analyseItems(address, namespaces);
    const analyser = known ?? analysers.byName(analysis?.analyser);
    const subtype = analysis ? analysis.subtype : node.subtype;
    const before = await store.items.known(
      node.id,
      keepable.map(({ id }) => id),
    );
    const different = changedItems(keepable, before, analyser);
    const late = notified ? different.filter((item) => this.#isLate(node, item, before.get(item.id))) : [];
    if (late.length > 0) await this.#doubt(account, address, node);
    const changed = different.filter((item) => !late.includes(item));
    if (origin === "live")
      await this.#publishedAgain(
        node,
        keepable.filter(({ id }) => !different.some((item) => item.id === id)),
      );
    if (changed.length === 0) return false; // a repeated notification, or the last item sent on subscribing (§6.1.7)
    const timed = seen.timed(address, changed);
    const prepared = await prepareItems(pool, address, subtype, analyser, timed);
    const current = new Set(stillTrue(changed).map(({ id }) => id));
    // There again: a retraction that is told from now on is another one.
    if (!own) for (const id of current) this.#options.news.arrived(node.id, retractionOf(id));
    if (!own && current.size > 0) this.#options.news.arrived(node.id, "purge");
    const stored = prepared.filter(({ itemId }) => current.has(itemId));
    if (stored.length === 0) return false;
    const ids = stored.map(({ itemId }) => itemId);
    // What another parser makes of an item, or who published it, is no change of it.
    const news = stored
      .filter((input) => isNews(input, before.get(input.itemId)))
      .map(({ itemId }) => itemId);
    const notes = notesOf(node);
    await store.database.write(async (unit) => {
      const now = await store.nodes.get(node.id);
      if (!now) return;
      if (analysis) await store.nodes.update(now.id, described(analysis));
      const sentAgain = origin === "catchup" && news.length === 0;
      const keepPlaces = hidesOverwrites(notes) || sentAgain;
      await store.items.storeLive(now.id, now.generation, stored, { keepPlaces });
      // What was there before a first reading is not told, also where it is sent again because we subscribe (§6.1.7).
      if (news.length > 0 && (origin === "live" || first || isReadable(now)))
        await tell(unit, store, node, account.id, address, { event: "items", ids: news, origin });
      if (!isReadable(now)) return;
      // §7.1.2.5: a full node drops its oldest items without a word.
      const dropped = await store.itemCare.discard(now.id, { items: mostItems(notes) });
      if (dropped.length > 0)
        await tell(unit, store, node, account.id, address, { event: "retract", ids: dropped, origin });
      await store.itemCare.trim(now.id, { items: policy.maxItems, bytes: policy.maxBytes });
    });
    runs.note(node.id, (changes) => changes.published(ids));
    if (origin === "live" && news.length > 0 && isReadable(node)) this.#options.onStored(node);
    return news.length > 0;
  }

  /**
   * True for a version that we have published ourselves and that is here no more: we have overwritten or retracted it
   * meanwhile, and ejabberd's notification of it came after the answer to that. Or somebody has published the same.
   */
  #isLate(node: NodeRecord, item: WireItem, stored: KnownItem | undefined): boolean {
    return isNews(item, stored) && this.#options.news.expects(node.id, publicationOf(item));
  }

  /** Has the node compared, and read from its service until then. */
  async #doubt(account: CacheAccount, address: NodeAddress, node: NodeRecord): Promise<void> {
    this.#options.runs.note(node.id, (changes) => changes.doubted());
    await this.#options.store.nodes.markNodeStale(node.id);
    this.#options.onHint(account, address);
  }

  /**
   * Items that were published again as they were: nothing to tell, but they are the newest now (§12.1). A first reading
   * learns whether its service has them so, and sees to it at its end.
   */
  async #publishedAgain(node: NodeRecord, items: readonly WireItem[]): Promise<void> {
    const ids = items.map(({ id }) => id);
    if (ids.length === 0 || hidesOverwrites(notesOf(node))) return;
    if (isReadable(node)) await this.#options.store.itemCare.moveToEnd(node.id, ids);
    this.#options.runs.note(node.id, (changes) => changes.published(ids));
  }

  /** Asks for items that were only named, those together that come in the meantime. */
  #fetch(account: CacheAccount, address: NodeAddress, node: NodeRecord, ids: readonly string[]): void {
    const waiting = this.#wanted.get(node.id);
    if (waiting) {
      for (const id of ids) waiting.ids.add(id);
      return;
    }
    const wanted: Wanted = { ids: new Set(ids) };
    this.#wanted.set(node.id, wanted);
    const work = this.#fetchAll(account, address, node, wanted).catch(() => {
      // Whatever it was: looking at the node again finds them, now or when it is tried again.
      this.#options.onHint(account, address);
    });
    this.#fetching.add(work);
    void work.finally(() => {
      this.#wanted.delete(node.id);
      this.#fetching.delete(work);
    });
  }

  async #fetchAll(
    account: CacheAccount,
    address: NodeAddress,
    { id: nodeId }: NodeRecord,
    wanted: Wanted,
  ): Promise<void> {
    const { runs, traffic, lanes, store } = this.#options;
    const requester = traffic.background(account.requester);
    const changes = runs.begin(nodeId);
    try {
      while (wanted.ids.size > 0) {
        const ids = [...wanted.ids].slice(0, AT_ONCE);
        for (const id of ids) wanted.ids.delete(id);
        const moment = changes.now;
        const tooLargeIds: string[] = [];
        const items = await getItemsById(requester, address, ids, (id) => void tooLargeIds.push(id));
        await lanes.run(laneOf(address), async () => {
          const node = await store.nodes.get(nodeId);
          if (!node || !isKept(node)) return;
          await noteLeftOut(store, node.id, { added: tooLargeIds.map(tooLarge) });
          await this.#store(account, address, node, items, "live", {
            stillTrue: (found) => changes.stillTrue(found, moment),
          });
        });
      }
    } finally {
      runs.end(nodeId, changes);
    }
  }
}
