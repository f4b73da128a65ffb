import { bareJid, type PubsubEvent, readPubsubEvents, type XmlElement } from "@larder/core";
import type { NodeRecord, Store, UnitOfWork } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import type { AnalyserRegistry } from "./analysers/registry.js";
import type { CacheContext } from "./context.js";
import { dropNode } from "./drop-node.js";
import type { LiveItems } from "./live-items.js";
import { keepableSubid } from "./subscriber.js";
import { type Told, tell } from "./telling.js";

export interface LiveEventsOptions extends CacheContext {
  readonly items: LiveItems;
  /** A node needs to be looked at: more has happened than its event tells. */
  readonly onHint: (account: CacheAccount, address: NodeAddress) => void;
}

/**
 * Applies notifications (XEP-0060 §7, §8) to the cache and tells them as events, in the order in which
 * they arrive. One counts only from the service itself and for a node that is followed: an event names
 * its node, but the sender is who says so.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #items: LiveItems;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
    this.#items = options.items;
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
      const done = await this.#options.lanes.run(laneOf(address), () => this.#apply(account, address, event));
      accepted = accepted || done;
    }
    return accepted;
  }

  async #apply(account: CacheAccount, address: NodeAddress, event: PubsubEvent): Promise<boolean> {
    const { store, runs, news, feeds, gaps, onHint } = this.#options;
    const known = await store.nodes.find({ accountId: account.id, ...address });
    const node = await gaps.beforeChange(store, account, known);
    if (!node && !(await isFollowed(store, account, address))) {
      if (event.event !== "items" || !(await this.#isAnnounced(account, address))) return false;
      await this.#items.announced(account, address, event);
      return true;
    }
    // Each account that shares a node has its events; those of one are applied, and told to all.
    if (node && event.event !== "subscription" && !feeds.isFedBy(node, account)) return true;
    const write = (told: Omit<Told, "origin">, effects: (unit: UnitOfWork) => Promise<void>) =>
      this.#write(account, address, node, told as Told, effects);
    switch (event.event) {
      case "items":
        await this.#items.apply(account, address, node, event);
        break;
      case "purge":
        if (node && news.arrived(node.id, "purge")) {
          await this.#items.purgedBefore(account, address, node);
          break;
        }
        await write({ event: "purge" }, async (unit) => {
          if (node) await store.items.clear(node.id);
          await store.events.scrubItems(unit, account.id, address);
        });
        if (node) {
          runs.note(node.id, (changes) => changes.purged());
          onHint(account, address); // the last item may survive (XEP-0460 §13)
        }
        break;
      case "delete":
        await write({ event: "delete", redirect: event.redirect }, (unit) =>
          dropNode(unit, store, node, account.id, address),
        );
        break;
      case "configuration":
        if (node && news.arrived(node.id, "configuration")) break;
        await write({ event: "configuration" }, async () => {});
        if (node) runs.note(node.id, (changes) => changes.configured());
        if (node) onHint(account, address); // limits, access and hints may be others now
        break;
      case "subscription":
        await this.#subscription(account, address, node, event);
        break;
    }
    return true;
  }

  /** Whether our caps ask a contact's server for this node's events (XEP-0060 §9.2), and the sender is one of ours. */
  async #isAnnounced(account: CacheAccount, { service, node }: NodeAddress): Promise<boolean> {
    const { analysers, store } = this.#options;
    if (!announcedNodes(analysers).includes(node)) return false;
    if (service === account.jid) return true;
    const contact = (await store.roster.list(account.id)).find(({ jid }) => jid === service);
    return contact?.subscription === "both" || contact?.subscription === "to";
  }

  async #subscription(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord | undefined,
    event: Extract<PubsubEvent, { event: "subscription" }>,
  ): Promise<void> {
    const { store, subscriber, feeds, onHint } = this.#options;
    if (event.jid !== undefined && bareJid(event.jid) !== account.jid) return; // §12.14: somebody else's, told to an owner
    const { state } = event;
    const isKnown = await subscriber.isKnown(account, address, state);
    await store.database.write(async (unit) => {
      if (state === "none") await store.subscriptions.remove(account.id, address.service, address.node);
      else if (state !== undefined) {
        const subid = keepableSubid(event.subid);
        await store.subscriptions.put({ accountId: account.id, ...address, subid, state });
      }
      const told = { event: "subscription", state, origin: "live" } as const;
      await tell(unit, store, undefined, account.id, address, told);
      if (!node || isKnown) return;
      if (node.accountId !== undefined) {
        await store.nodes.update(node.id, { subscribed: state === "subscribed" });
        await store.nodes.markNodeStale(node.id);
      } else if (state === "none") {
        feeds.release(node, account);
        await store.sharedNodes.removeReader(node.id, account.id);
      }
    });
    // What happened before an approval has not been told; and who was cut off may no longer be allowed to read.
    if (node && !isKnown) onHint(account, address);
  }

  /** The effects of an event and the event itself are one unit of work. */
  #write(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord | undefined,
    told: Told,
    effects: (unit: UnitOfWork) => Promise<void>,
  ): Promise<void> {
    const { store } = this.#options;
    return store.database.write(async (unit) => {
      await tell(unit, store, node, account.id, address, { ...told, origin: "live" });
      await effects(unit);
    });
  }
}

/** The nodes whose events contacts' servers are asked for: those of analysers that say so. */
export const announcedNodes = (analysers: AnalyserRegistry): string[] =>
  analysers.list().flatMap(({ node, notify }) => (notify && node !== undefined ? [node] : []));

async function isFollowed(
  store: Store,
  account: CacheAccount,
  { service, node }: NodeAddress,
): Promise<boolean> {
  const known = await store.subscriptions.find(account.id, service, node);
  return known.some(({ state }) => state !== "none");
}
