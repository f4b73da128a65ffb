import { NS_PUBSUB } from "../namespaces.js";
import type { Requester } from "../requester.js";
import { type XmlElement, xml } from "../xml/element.js";

/** XEP-0060 §4.2. */
export type SubscriptionState = "none" | "pending" | "unconfigured" | "subscribed";

export interface Subscription {
  readonly node: string;
  readonly state: SubscriptionState;
  /** Given by services that allow several subscriptions to one node (§6.1.6). */
  readonly subid?: string;
}

const states: readonly SubscriptionState[] = ["none", "pending", "unconfigured", "subscribed"];

function readSubscription(element: XmlElement | undefined, node: string): Subscription {
  const state = states.find((known) => known === element?.attrs.subscription);
  // §6.1.2: a success without the element, as some services send, means what was asked for.
  return { node: element?.attrs.node ?? node, state: state ?? "subscribed", subid: element?.attrs.subid };
}

/**
 * Subscribes the account's bare JID to a node (XEP-0060 §6.1). A pending answer is no error (§6.1.4).
 *
 * @throws {StanzaError} `forbidden`, `not_found`, `unsupported`, …
 */
export async function subscribe(requester: Requester, service: string, node: string): Promise<Subscription> {
  const answer = await requester.request(
    xml(
      "iq",
      { type: "set", to: service },
      xml("pubsub", { xmlns: NS_PUBSUB }, xml("subscribe", { node, jid: requester.account })),
    ),
  );
  return readSubscription(answer.getChild("pubsub", NS_PUBSUB)?.getChild("subscription"), node);
}

/**
 * Ends a subscription of the account's bare JID (XEP-0060 §6.2).
 *
 * @param subid needed where the service allows several subscriptions to one node (§6.2.3.1)
 * @returns the state as the service tells it; `none` where it says nothing
 * @throws {StanzaError} `unexpected-request` where there was no subscription, `not_found`, …
 */
export async function unsubscribe(
  requester: Requester,
  service: string,
  node: string,
  subid?: string,
): Promise<SubscriptionState> {
  const answer = await requester.request(
    xml(
      "iq",
      { type: "set", to: service },
      xml("pubsub", { xmlns: NS_PUBSUB }, xml("unsubscribe", { node, jid: requester.account, subid })),
    ),
  );
  const told = answer.getChild("pubsub", NS_PUBSUB)?.getChild("subscription");
  return told ? readSubscription(told, node).state : "none";
}

/**
 * The subscriptions of the account's bare JID at a service (XEP-0060 §5.6).
 *
 * @throws {StanzaError} `unsupported` where the service does not tell them, …
 */
export async function fetchSubscriptions(
  requester: Requester,
  service: string,
  options: { timeoutMs?: number } = {},
): Promise<Subscription[]> {
  const answer = await requester.request(
    xml("iq", { type: "get", to: service }, xml("pubsub", { xmlns: NS_PUBSUB }, xml("subscriptions"))),
    options,
  );
  const listed = answer.getChild("pubsub", NS_PUBSUB)?.getChild("subscriptions");
  return (listed?.getChildren("subscription") ?? []).flatMap((element) => {
    const { node, jid } = element.attrs;
    // Those of our full JIDs end with their sessions, and are nobody else's business.
    if (node === undefined || (jid !== undefined && jid !== requester.account)) return [];
    return readSubscription(element, node);
  });
}
