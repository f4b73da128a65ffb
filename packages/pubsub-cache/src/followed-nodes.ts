import { bareJid, NS_PUBSUB_EVENT, type XmlElement } from "@larder/core";
import type { Store } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";

/** Nodes of which an account may get events. */
interface Followed {
  /** Nodes that are kept or subscribed to. */
  nodes: Set<string>;
  /** Whose nodes our caps ask for (XEP-0060 §9.2). */
  contacts: Set<string>;
  /** True once the sets are filled from the database; until then no event is dropped. */
  loaded: boolean;
}

/**
 * Nodes whose events accounts may want, in memory: whoever sends events of others costs no look-up. The sets are never
 * too small, but may hold what is no longer followed until the next session; the database then decides.
 */
export class FollowedNodes {
  readonly #store: Store;
  readonly #announced: ReadonlySet<string>;
  readonly #accounts = new Map<number, Followed>();

  /** @param announced names of the nodes that our caps ask for */
  constructor(store: Store, announced: readonly string[]) {
    this.#store = store;
    this.#announced = new Set(announced);
  }

  /** True if this notification may be of a node that the account follows. */
  follows(account: CacheAccount, stanza: XmlElement): boolean {
    const { from } = stanza.attrs;
    const service = from === undefined ? account.jid : bareJid(from);
    if (service === undefined || stanza.attrs.type === "error" || from?.includes("/")) return false;
    if (service === account.jid) return true;
    const followed = this.#accounts.get(account.id);
    if (!followed?.loaded) return true;
    const isContact = followed.contacts.has(service);
    return (stanza.getChild("event", NS_PUBSUB_EVENT)?.getChildElements() ?? []).some(
      ({ attrs: { node } }) => {
        if (node === undefined) return false;
        return (isContact && this.#announced.has(node)) || followed.nodes.has(keyOf({ service, node }));
      },
    );
  }

  /** From now on the account may get events of a node. */
  note(accountId: number, address: NodeAddress): void {
    this.#of(accountId).nodes.add(keyOf(address));
  }

  /** From now on the account may get events of this contact's nodes. */
  noteContact(accountId: number, jid: string): void {
    this.#of(accountId).contacts.add(jid);
  }

  /** Takes what the database says of an account in place of what was noted before. */
  async load({ id }: CacheAccount): Promise<void> {
    const before = this.#of(id);
    // What is noted meanwhile is noted in these.
    const now: Followed = { nodes: new Set(), contacts: new Set(), loaded: false };
    this.#accounts.set(id, now);
    const { nodes, subscriptions, roster } = this.#store;
    try {
      for (const node of await nodes.list({ accountIds: [id] })) now.nodes.add(keyOf(node));
      for (const subscription of await subscriptions.of(id)) now.nodes.add(keyOf(subscription));
      for (const { jid } of await roster.list(id)) now.contacts.add(jid);
      now.loaded = true;
    } catch (error) {
      for (const key of before.nodes) now.nodes.add(key);
      throw error;
    }
  }

  forget(accountId: number): void {
    this.#accounts.delete(accountId);
  }

  #of(accountId: number): Followed {
    let followed = this.#accounts.get(accountId);
    if (!followed) {
      followed = { nodes: new Set(), contacts: new Set(), loaded: false };
      this.#accounts.set(accountId, followed);
    }
    return followed;
  }
}

const keyOf = ({ service, node }: NodeAddress): string => JSON.stringify([service, node]);
