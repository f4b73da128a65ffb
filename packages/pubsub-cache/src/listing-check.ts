import { fetchItemIds } from "@larder/core";
import { fitsKey, type NodeRecord } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import type { CacheContext } from "./context.js";
import { isAnswer, isDisconnection } from "./faults.js";
import { nextCheckOf } from "./next-check.js";
import { type NodeNotes, notesOf } from "./node-notes.js";

/** Ids in which a copy and its node differ. */
interface Differences {
  readonly gone: readonly string[];
  readonly unknown: readonly string[];
  /** True if the oldest items are gone: the node was full. */
  readonly dropped: boolean;
}

/**
 * Compares the ids of a copy with those that its service lists (XEP-0060 §5.5): one request, for what the service tells
 * nobody.
 */
export class ListingCheck {
  readonly #context: CacheContext;

  constructor(context: CacheContext) {
    this.#context = context;
  }

  /**
   * @returns the node where the ids are the same; undefined where it has to be compared in full, since it differs or its
   *   service says that it is not there, or not for us. It is stale then.
   */
  async check(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
  ): Promise<NodeRecord | undefined> {
    const { runs, traffic, store } = this.#context;
    const changes = runs.begin(node.id);
    const moment = changes.now;
    try {
      const listed = await fetchItemIds(traffic.background(account.requester), address.service, address.node);
      const differs = await this.#context.lanes.run(laneOf(address), async () => {
        const found = await this.#differences(node, new Set(listed));
        const gone = changes.stillTrue(found.gone.map(toItem), moment);
        const unknown = changes.purgedSince(moment)
          ? []
          : changes.stillTrue(found.unknown.map(toItem), moment);
        const isSame = gone.length === 0 && unknown.length === 0;
        const learnt = gone.length === found.gone.length && found.dropped && unknown.length === 0;
        const { droppedAt } = notesOf(node);
        const outgrown = droppedAt !== undefined && listed.length > droppedAt;
        await this.#note(node.id, {
          listsIds: true,
          quiet: isSame ? (notesOf(node).quiet ?? 0) + 1 : 0,
          ...(learnt && { droppedAt: listed.length }),
          ...(outgrown && { droppedAt: undefined }),
        });
        return !isSame;
      });
      if (!differs) return await store.nodes.get(node.id);
    } catch (error) {
      if (isDisconnection(error)) throw error;
      if (!isAnswer(error)) return this.#note(node.id, {}); // no answer: asked again the next time
      if (error.type === "unsupported") return this.#note(node.id, { listsIds: false });
      // The ids, or the node itself: reading it tells. It is not listed again where they alone are refused.
      if (error.type !== "not_found") await this.#note(node.id, { listsIds: false });
    } finally {
      runs.end(node.id, changes);
    }
    // Of a node that was made anew the service may list our subscription, but send nothing.
    await this.#context.subscriber.renew(account, address);
    await store.nodes.markNodeStale(node.id);
    return undefined;
  }

  async #differences(node: NodeRecord, listed: ReadonlySet<string>): Promise<Differences> {
    const order = (await this.#context.store.itemCare.order(node.id)).map(({ itemId }) => itemId);
    const kept = new Set(order);
    const gone = order.filter((id) => !listed.has(id));
    const leftOut = new Set(notesOf(node).leftOut?.map(({ id }) => id));
    return {
      gone,
      // Of a copy without its oldest items, and of ids that cannot be kept, nothing can be told.
      unknown:
        node.completeFrom === undefined
          ? [...listed].filter((id) => fitsKey(id) && !kept.has(id) && !leftOut.has(id))
          : [],
      dropped: listed.size > 0 && gone.every((id, index) => order[index] === id) && gone.length > 0,
    };
  }

  async #note(nodeId: number, learnt: Partial<NodeNotes>): Promise<NodeRecord | undefined> {
    const { store, timing, policy } = this.#context;
    return store.database.write(async () => {
      const node = await store.nodes.get(nodeId);
      if (!node) return undefined;
      const metadata = { ...notesOf(node), ...learnt, listedAt: Date.now() };
      await store.nodes.update(nodeId, { metadata });
      const nextCheck = await nextCheckOf(store, timing, policy, { ...node, metadata });
      await store.nodes.update(nodeId, { nextCheck });
      return store.nodes.get(nodeId);
    });
  }
}

const toItem = (id: string) => ({ id });
