import {
  fetchSubscriptions,
  hasErrorType,
  type Subscription,
  type SubscriptionState,
  subscribe,
  UnsupportedError,
  unsubscribe,
} from "@larder/core";
import { fitsKey, type Store } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import { isAnswer } from "./faults.js";
import type { FollowedNodes } from "./followed-nodes.js";
import type { ServiceTraffic } from "./service-traffic.js";

/** The id of a subscription, where it can be kept; one that cannot is as if the service had given none. */
export const keepableSubid = (subid: string | undefined): string | undefined =>
  subid !== undefined && fitsKey(subid) ? subid : undefined;

const isKeepable = ({ node }: Subscription): boolean => fitsKey(node);

/** How long a service may take to list subscriptions, before we do without. */
const LIST_TIMEOUT_MS = 5000;

/** Sees to it that services send their events, and knows which do. */
export class Subscriber {
  readonly #store: Store;
  readonly #traffic: ServiceTraffic;
  readonly #followed: FollowedNodes;
  /** By account and service, what came of asking for the subscriptions in this session. */
  readonly #reconciled = new Map<string, Promise<void>>();
  /** By account and service, whether its subscriptions are known; where not, the nodes that were subscribed to anew. */
  readonly #unsure = new Map<string, Set<string>>();
  /** Requests to subscribe that are under way. */
  readonly #asking = new Map<string, number>();
  /** Services that did not answer when they were asked for subscriptions. */
  readonly #mute = new Set<string>();

  constructor(store: Store, traffic: ServiceTraffic, followed: FollowedNodes) {
    this.#followed = followed;
    this.#store = store;
    this.#traffic = traffic;
  }

  /** A session has begun: what was known of an account's subscriptions may no longer be so. */
  sessionStarted(account: CacheAccount): void {
    for (const key of this.#reconciled.keys()) {
      if ((JSON.parse(key) as [number])[0] !== account.id) continue;
      this.#reconciled.delete(key);
      this.#unsure.delete(key);
    }
  }

  /**
   * Subscribes an account to a node, unless it is (XEP-0060 §6.1).
   *
   * @returns whether its events will come; false where the service does not let us subscribe, or has not yet decided
   * @throws {NotConnectedError} and {RequestTimeoutError}: nobody knows
   */
  async ensure(account: CacheAccount, address: NodeAddress): Promise<boolean> {
    const { subscriptions } = this.#store;
    await this.#reconcile(account, address.service);
    const existing = await subscriptions.find(account.id, address.service, address.node);
    const renewed = this.#unsure.get(keyOf(account, address.service));
    const known = existing.some(({ state }) => state === "subscribed");
    if (known && (!renewed || renewed.has(address.node))) return true;
    // Not yet approved, or ended by the user.
    if (existing.length > 0 && !known) return false;
    try {
      const state = await this.#subscribe(account, address, "background");
      renewed?.add(address.node);
      return state === "subscribed";
    } catch (error) {
      // A node that nobody may subscribe to can still be read; one that cannot be read fails there.
      if (isAnswer(error)) return false;
      throw error;
    }
  }

  /** Subscribes once more where the service says that we are: some keep saying so of a node that is another by now. */
  async renew(account: CacheAccount, address: NodeAddress): Promise<void> {
    const existing = await this.#store.subscriptions.find(account.id, address.service, address.node);
    if (!existing.some(({ state }) => state === "subscribed")) return;
    try {
      await this.#subscribe(account, address, "background");
    } catch (error) {
      if (!isAnswer(error)) throw error;
    }
  }

  /**
   * Subscribes an account because its user wants it, also where it had ended the subscription.
   *
   * @throws {StanzaError} what the service answered
   */
  subscribe(account: CacheAccount, address: NodeAddress): Promise<SubscriptionState> {
    return this.#subscribe(account, address, "foreground");
  }

  /**
   * Ends the subscriptions of an account to a node, and remembers that this was wanted.
   *
   * @throws {StanzaError} what the service answered
   */
  async unsubscribe(account: CacheAccount, { service, node }: NodeAddress): Promise<SubscriptionState> {
    const { subscriptions, database } = this.#store;
    const requester = this.#traffic.foreground(account.requester);
    const known = (await subscriptions.find(account.id, service, node)).filter(
      ({ state }) => state !== "none",
    );
    let state: SubscriptionState = "none";
    for (const { subid } of known.length > 0 ? known : [{ subid: undefined }])
      state = await unsubscribe(requester, service, node, subid);
    await database.write(async () => {
      await subscriptions.remove(account.id, service, node);
      await subscriptions.put({ accountId: account.id, service, node, state: "none" });
    });
    return state;
  }

  async #subscribe(
    account: CacheAccount,
    { service, node }: NodeAddress,
    priority: "background" | "foreground",
  ): Promise<SubscriptionState> {
    const { subscriptions, database } = this.#store;
    const requester = this.#traffic[priority](account.requester);
    const key = nodeKeyOf(account, { service, node });
    this.#followed.note(account.id, { service, node });
    this.#asking.set(key, (this.#asking.get(key) ?? 0) + 1);
    try {
      const { state, subid } = await subscribe(requester, service, node);
      await database.write(async () => {
        await subscriptions.remove(account.id, service, node);
        await subscriptions.put({ accountId: account.id, service, node, subid: keepableSubid(subid), state });
      });
      return state;
    } finally {
      const left = (this.#asking.get(key) ?? 1) - 1;
      if (left > 0) this.#asking.set(key, left);
      else this.#asking.delete(key);
    }
  }

  /** Whether an event of this state says only what is known: ejabberd tells whoever subscribes that it has. */
  async isKnown(account: CacheAccount, address: NodeAddress, state: string | undefined): Promise<boolean> {
    if (state !== "subscribed") return false;
    if (this.#asking.has(nodeKeyOf(account, address))) return true;
    const existing = await this.#store.subscriptions.find(account.id, address.service, address.node);
    return existing.some((subscription) => subscription.state === state);
  }

  /** Once a session, what the service says of our subscriptions takes the place of what we believe (§5.6). */
  #reconcile(account: CacheAccount, service: string): Promise<void> {
    const key = keyOf(account, service);
    let asked = this.#reconciled.get(key);
    if (!asked) {
      asked = this.#replace(account, service);
      this.#reconciled.set(key, asked);
      asked.catch(() => this.#reconciled.delete(key)); // asked again the next time
    }
    return asked;
  }

  async #replace(account: CacheAccount, service: string): Promise<void> {
    try {
      if (this.#mute.has(service)) throw new UnsupportedError(`${service} does not list subscriptions`);
      const requester = this.#traffic.background(account.requester);
      const current = await fetchSubscriptions(requester, service, { timeoutMs: LIST_TIMEOUT_MS });
      for (const { node } of current) this.#followed.note(account.id, { service, node });
      await this.#store.subscriptions.replace(
        account.id,
        service,
        current.filter(isKeepable).map(({ subid, ...rest }) => ({ ...rest, subid: keepableSubid(subid) })),
      );
    } catch (error) {
      const silent = hasErrorType(error) && error.type === "timeout";
      if (!silent && !isAnswer(error)) throw error;
      // It does not tell: what we know stays, and each node is subscribed to anew, which changes nothing where we are.
      // Prosody 0.12 gives no answer at all once a node that we were subscribed to has been deleted.
      if (silent) this.#mute.add(service);
      this.#unsure.set(keyOf(account, service), new Set());
    }
  }
}

const keyOf = (account: CacheAccount, service: string): string => JSON.stringify([account.id, service]);

const nodeKeyOf = (account: CacheAccount, { service, node }: NodeAddress): string =>
  JSON.stringify([account.id, service, node]);
