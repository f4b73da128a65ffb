import { bareJid, type Lanes, type PubsubEvent, readPubsubEvents, type XmlElement } from "@larder/core";
import type { NodeRecord, Store, UnitOfWork } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import type { AnalyserRegistry } from "./analysers/registry.js";
import { changedItems, type ItemParser, prepareItems, withKeepableIds } from "./ingest.js";
import { described, keepableSubid } from "./synchroniser.js";

export interface LiveEventsOptions {
  readonly store: Store;
  readonly pool: ItemParser;
  readonly analysers: AnalyserRegistry;
  readonly lanes: Lanes;
  /** Items whose ids are too long to be kept were left out. */
  readonly onDropped: (account: CacheAccount, address: NodeAddress, count: number) => void;
  /** A node of which only a hint of a change has come: it needs to be read again. */
  readonly onDrift: (account: CacheAccount, address: NodeAddress) => void;
  /** What was applied to a node that is kept: ids of items published or retracted, or `all` for a purge. */
  readonly onChange: (
    account: CacheAccount,
    address: NodeAddress,
    itemIds: readonly string[] | "all",
  ) => void;
}

/**
 * Applies notifications (XEP-0060 §7, §8) to the cache and tells them as events, in the order in which
 * they arrive. One counts only from the service itself and for a node that is followed: an event names
 * its node, but the sender is who says so.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
  }

  /**
   * @returns false where the stanza is no notification, or comes from somebody who has no say
   */
  async handle(account: CacheAccount, stanza: XmlElement): Promise<boolean> {
    if (stanza.attrs.type === "error") return false;
    // §7.1.2.1 and XEP-0163 §4.3.1: from the service, in PEP from the owner's bare JID; ours may be left out.
    const service = stanza.attrs.from === undefined ? account.jid : bareJid(stanza.attrs.from);
    const events = readPubsubEvents(stanza);
    if (service === undefined || events.length === 0) return false;
    if (stanza.attrs.from?.includes("/")) return false;
    let accepted = false;
    for (const event of events) {
      const address = { service, node: event.node };
      const done = await this.#options.lanes.run(laneOf(account, address), () =>
        this.#apply(account, address, event),
      );
      accepted = accepted || done;
    }
    return accepted;
  }

  async #apply(account: CacheAccount, address: NodeAddress, event: PubsubEvent): Promise<boolean> {
    const { store } = this.#options;
    const node = await store.nodes.find({ accountId: account.id, ...address });
    const followed =
      node !== undefined ||
      (await store.subscriptions.find(account.id, address.service, address.node)).length > 0;
    if (!followed) return false;
    switch (event.event) {
      case "items":
        await this.#items(account, address, node, event);
        break;
      case "purge":
        await this.#write(account, address, "purge", {}, async (unit) => {
          if (node) await store.items.clear(node.id);
          await store.events.scrubItems(unit, account.id, address);
        });
        this.#options.onChange(account, address, "all");
        break;
      case "delete":
        await this.#write(account, address, "delete", {}, async (unit) => {
          if (node) await store.nodes.remove(node.id);
          await store.events.scrubItems(unit, account.id, address);
          await store.subscriptions.remove(account.id, address.service, address.node);
        });
        break;
      case "configuration":
        await this.#write(account, address, "configuration", {}, async () => {});
        break;
      case "subscription":
        await this.#subscription(account, address, node, event);
        break;
    }
    return true;
  }

  async #items(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord | undefined,
    event: Extract<PubsubEvent, { event: "items" }>,
  ): Promise<void> {
    const { store, pool, analysers, onDrift, onDropped, onChange } = this.#options;
    const { items, retracted } = event;
    // A node that is being read for the first time, or is not kept, is told of without being stored.
    const kept =
      node !== undefined && (node.state === "synced" || node.state === "stale" || node.state === "syncing");
    if (retracted.length > 0) {
      await this.#write(account, address, "retract", { ids: retracted }, async (unit) => {
        if (node) await store.items.remove(node.id, retracted);
        await store.events.scrubItems(unit, account.id, address, retracted);
      });
      onChange(account, address, retracted);
    }
    const withPayload = items.filter(({ payload }) => payload !== undefined);
    if (withPayload.length < items.length && kept) onDrift(account, address); // XEP-0472 §5.1.1: only ids were sent
    if (withPayload.length === 0) return;
    if (!kept) {
      const data = { items: withPayload.map(({ id, publisher, xml }) => ({ id, publisher, xml })) };
      await this.#write(account, address, "items", data, async () => {});
      return;
    }
    const keepable = withKeepableIds(withPayload, (count) => onDropped(account, address, count));
    if (keepable.length === 0) return;
    // A node that was empty, or is being read for the first time, is recognised by what it brings.
    const known = analysers.byName(node.analyser);
    const namespace = keepable[0]?.payload?.namespace;
    const analysis = known ? undefined : analysers.analyse({ ...address, namespace });
    const analyser = known ?? analysers.byName(analysis?.analyser);
    const subtype = analysis ? analysis.subtype : node.subtype;
    const ids = keepable.map(({ id }) => id);
    const stored = await store.items.known(node.id, ids);
    const changed = changedItems(keepable, stored, analyser);
    if (changed.length === 0) return; // a repeated notification, or the last item sent on subscribing (§6.1.7)
    const prepared = await prepareItems(pool, address, subtype, analyser, changed);
    await this.#write(account, address, "items", { ids: changed.map(({ id }) => id) }, async () => {
      const current = await store.nodes.find({ accountId: account.id, ...address });
      if (!current) return;
      if (analysis) await store.nodes.update(current.id, described(analysis));
      await store.items.storeLive(current.id, current.generation, prepared);
    });
    onChange(
      account,
      address,
      changed.map(({ id }) => id),
    );
  }

  async #subscription(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord | undefined,
    event: Extract<PubsubEvent, { event: "subscription" }>,
  ): Promise<void> {
    const { store } = this.#options;
    if (event.jid !== undefined && bareJid(event.jid) !== account.jid) return; // §12.14: somebody else's, told to an owner
    await this.#write(account, address, "subscription", { state: event.state }, async () => {
      const active = event.state === "subscribed";
      if (event.state === "none") await store.subscriptions.remove(account.id, address.service, address.node);
      else if (event.state !== undefined) {
        await store.subscriptions.put({
          accountId: account.id,
          ...address,
          subid: keepableSubid(event.subid),
          state: event.state,
        });
      }
      if (node) await store.nodes.update(node.id, { subscribed: active });
    });
  }

  /** The effects of an event and the event itself are one unit of work. */
  #write(
    account: CacheAccount,
    address: NodeAddress,
    event: string,
    data: Record<string, unknown>,
    effects: (unit: UnitOfWork) => Promise<void>,
  ): Promise<void> {
    return this.#options.store.database.write(async (unit) => {
      await effects(unit);
      await unit.log("ps_event", account.id, { ...address, event, ...data, origin: "live" });
    });
  }
}
