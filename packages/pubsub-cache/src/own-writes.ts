import {
  NS_PUBSUB,
  parseTrustedXml,
  type Requester,
  readItem,
  type WireItem,
  type XmlElement,
  xml,
} from "@larder/core";
import { elementText } from "@larder/core/xml";
import type { NodeRecord } from "@larder/storage";
import { type CacheAccount, laneOf, type NodeAddress } from "./account.js";
import type { CacheContext } from "./context.js";
import { dropNode } from "./drop-node.js";
import { isAnswer } from "./faults.js";
import type { LiveItems } from "./live-items.js";
import { isKept } from "./node-state.js";
import { type OwnRequest, publishedIds, readOwnRequest } from "./own-request.js";
import type { RunChanges } from "./run-changes.js";
import { tell } from "./telling.js";

export interface OwnWritesOptions extends CacheContext {
  readonly items: LiveItems;
  /** A node needs to be looked at: its copy may not be what its service has. */
  readonly onHint: (account: CacheAccount, address: NodeAddress) => void;
}

/** A change of a node on its way to the service. */
interface Pending {
  /** The node as it was kept when the request went out, with what events change from then on. */
  /** Events of the node arrived about when the answer did: which of them were first is not known. */
  readonly others?: boolean;
  readonly tracked?: { readonly nodeId: number; readonly changes: RunChanges; readonly moment: number };
}

/**
 * Applies what an account changes itself as soon as its service has confirmed it, and tells it as an event of the origin
 * `live`: services need not notify the publisher, and some notify nobody (XEP-0060 §7.2.2.1). The notification that
 * comes later, or has come before, changes nothing. Where another's event came between, its order and ours is not
 * known: the copy is stale then, and compared.
 */
export class OwnWrites {
  readonly #options: OwnWritesOptions;

  constructor(options: OwnWritesOptions) {
    this.#options = options;
  }

  /** Requests as an account makes them, whose effects on nodes are applied. */
  requester(account: CacheAccount): Requester {
    const { requester } = account;
    return {
      account: requester.account,
      request: async (iq, options) => {
        const write = readOwnRequest(account.jid, iq);
        return write
          ? this.#write(account, write, () => requester.request(iq, options))
          : requester.request(iq, options);
      },
    };
  }

  async #write(
    account: CacheAccount,
    write: OwnRequest,
    request: () => Promise<XmlElement>,
  ): Promise<XmlElement> {
    const pending = await this.#begin(account, write);
    try {
      const answer = await request();
      // Events that stand in line have come before the answer, or with it.
      const others = await this.#options.arriving.settled(account, write);
      await this.#options.lanes.run(laneOf(write), () =>
        this.#apply(account, write, answer, { ...pending, others }),
      );
      return answer;
    } catch (error) {
      // Without an answer nobody knows; an item or node that is not there contradicts the copy.
      if (!isAnswer(error) || error.type === "not_found") await this.#doubt(account, write);
      throw error;
    } finally {
      if (pending.tracked) this.#options.runs.end(pending.tracked.nodeId, pending.tracked.changes);
    }
  }

  async #begin(account: CacheAccount, address: NodeAddress): Promise<Pending> {
    const { runs } = this.#options;
    const node = await this.#find(account, address);
    if (!node || !isKept(node)) return {};
    const changes = runs.begin(node.id);
    return { tracked: { nodeId: node.id, changes, moment: changes.now } };
  }

  async #apply(
    account: CacheAccount,
    write: OwnRequest,
    answer: XmlElement,
    { tracked, others = false }: Pending,
  ): Promise<void> {
    const { gaps, store } = this.#options;
    const node = await gaps.beforeChange(store, account, await this.#find(account, write));
    if (write.change === "delete") return this.#delete(account, write, node);
    if (!node) return;
    // What has begun meanwhile may have read the node before the change, or after it.
    if (!isKept(node) || tracked?.nodeId !== node.id) return this.#doubt(account, write);
    switch (write.change) {
      case "publish":
        return this.#publish(account, write, node, itemsOf(write.items, answer), { ...tracked, others });
      case "retract":
        return this.#retract(account, write, node, write.ids, tracked);
      case "purge":
        return this.#purge(account, write, node, tracked);
      case "configure":
        return this.#configure(account, write, node, tracked);
      default:
        return this.#doubt(account, write); // made anew: it is not the node that is kept
    }
  }

  async #publish(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    items: readonly WireItem[] | undefined,
    { changes, moment, others }: NonNullable<Pending["tracked"]> & { readonly others: boolean },
  ): Promise<void> {
    const current = changes.stillTrue(items ?? [], moment);
    // Without its own notification its place among the others is not known: it must not count as one.
    const isUnsure = others && current.length > 0;
    const now = isUnsure ? await this.#options.store.nodes.markNodeStale(node.id) : node;
    await this.#options.items.published(account, address, now ?? node, current);
    if (isUnsure) await this.#doubt(account, address);
    const overtaken = (items ?? []).filter((item) => !current.includes(item));
    // The notification came first where the copy says the same.
    if (items === undefined || (await this.#options.items.differ(node, overtaken)))
      await this.#doubt(account, address);
  }

  async #retract(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    ids: readonly string[],
    { changes, moment }: NonNullable<Pending["tracked"]>,
  ): Promise<void> {
    const { items } = this.#options;
    const wanted = ids.map((id) => ({ id }));
    const there = changes.stillThere(wanted, moment); // the others' notifications came first
    const current = changes.stillTrue(there, moment).map(({ id }) => id);
    const known = await items.retracted(account, address, node, current);
    if (current.length < there.length || !known) await this.#doubt(account, address);
  }

  async #purge(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    { changes, moment }: NonNullable<Pending["tracked"]>,
  ): Promise<void> {
    const { store, runs, news } = this.#options;
    if (!changes.purgedSince(moment)) {
      await store.database.write(async (unit) => {
        await tell(unit, store, node, account.id, address, { event: "purge", origin: "live" });
        await store.items.clear(node.id);
        await store.events.scrubItems(unit, account.id, address);
      });
      runs.note(node.id, (others) => others.purged());
      news.expect(node.id, "purge");
    }
    await this.#doubt(account, address); // the last item may survive (XEP-0460 §13)
  }

  async #configure(
    account: CacheAccount,
    address: NodeAddress,
    node: NodeRecord,
    { changes, moment }: NonNullable<Pending["tracked"]>,
  ): Promise<void> {
    const { store, news } = this.#options;
    if (changes.configuredSince(moment)) return this.#doubt(account, address);
    await store.database.write((unit) =>
      tell(unit, store, node, account.id, address, { event: "configuration", origin: "live" }),
    );
    news.expect(node.id, "configuration");
    await this.#doubt(account, address); // limits, access and hints may be others now
  }

  async #delete(account: CacheAccount, address: NodeAddress, node: NodeRecord | undefined): Promise<void> {
    const { store } = this.#options;
    const { service, node: name } = address;
    const followed = (await store.subscriptions.find(account.id, service, name)).length > 0;
    if (!node && !followed) return; // the notification came first, or nobody followed it
    await store.database.write(async (unit) => {
      const told = { event: "delete", origin: "live" } as const;
      await tell(unit, store, node, account.id, { service, node: name }, told);
      await dropNode(unit, store, node, account.id, { service, node: name });
    });
  }

  /** The copy may be wrong: what is read from now on comes from the service, until they have been compared. */
  async #doubt(account: CacheAccount, { service, node: name }: NodeAddress): Promise<void> {
    const node = await this.#find(account, { service, node: name });
    if (!node || node.state === "ignored") return;
    this.#options.runs.note(node.id, (changes) => changes.doubted());
    await this.#options.store.nodes.markNodeStale(node.id);
    this.#options.onHint(account, { service, node: name });
  }

  #find(account: CacheAccount, { service, node }: NodeAddress): Promise<NodeRecord | undefined> {
    return this.#options.store.nodes.find({ accountId: account.id, service, node });
  }
}

/** The items as the service has them; undefined where it has given one an id that it does not tell. */
function itemsOf(published: readonly XmlElement[], answer: XmlElement): WireItem[] | undefined {
  const ids = publishedIds(answer);
  const items = published.flatMap((element, index) => {
    const wanted = element.attrs.id;
    const id = ids[index] ?? wanted;
    if (wanted !== undefined && id !== wanted) return []; // Prosody 0.12 writes line ends in attributes as such
    const payload = element.getChildElements()[0];
    if (id === undefined) return [];
    const copy = payload && parseTrustedXml(elementText(payload)); // reading takes it apart
    return readItem(xml("item", { xmlns: NS_PUBSUB, id }, copy)) ?? [];
  });
  return items.length === published.length && items.length > 0 ? items : undefined;
}
