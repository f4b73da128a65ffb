import type { BridgeSignal } from "@larder/core";
import type { LoggedEvent, Store } from "@larder/storage";
import { itemView } from "../views/item.js";
import { messageViews } from "../views/message.js";

/** An event as a client gets it. */
export interface DeliverableEvent {
  readonly signal: BridgeSignal;
  readonly params: Record<string, unknown>;
}

/** What the log keeps of an event of a node that is not cached. */
interface InlineItem {
  readonly id: string;
  readonly publisher?: string;
  /** Absent once the item was retracted. */
  readonly xml?: string;
}

type EventData = Record<string, unknown>;

async function messageEvent(
  store: Store,
  event: LoggedEvent,
  nameOf: (id: number) => string,
): Promise<EventData | undefined> {
  const { uid, difference, ...rest } = event.data;
  const record = await store.messages.get(String(uid));
  if (!record) return undefined;
  const [message] = await messageViews(store, [record], nameOf);
  // A retraction took the reactions too.
  return { message, ...rest, ...(difference !== undefined && !record.retracted && { difference }) };
}

async function pubsubEvent(
  store: Store,
  event: LoggedEvent,
  nameOf: (id: number) => string,
): Promise<EventData> {
  const { items: inline, ids, ...rest } = event.data;
  const accountId = event.accountId ?? -1;
  const account = nameOf(accountId);
  const address = { service: String(rest.service), node: String(rest.node) };
  const params: EventData = { account, ...rest, ...(Array.isArray(ids) && { ids }) };
  if (rest.event !== "items") return params;
  if (Array.isArray(inline)) {
    const seen = event.createdAt;
    const kept = (inline as InlineItem[]).filter(({ xml }) => xml !== undefined);
    const items = kept.map(({ xml = "", ...item }) =>
      itemView({ ...item, xml, created: seen, updated: seen, dateSource: "observed" }, address, [account]),
    );
    return { ...params, ids: (inline as InlineItem[]).map(({ id }) => id), items };
  }
  const node = await store.nodes.find({ accountId, ...address });
  const found = node && Array.isArray(ids) ? await store.items.byIds(node.id, ids.map(String)) : [];
  return {
    ...params,
    items: found.map((item) => itemView({ ...item, id: item.itemId }, address, [account])),
  };
}

function paramsOf(
  signal: BridgeSignal,
  store: Store,
  event: LoggedEvent,
  nameOf: (id: number) => string,
): Promise<EventData | undefined> {
  if (signal === "ps_event") return pubsubEvent(store, event, nameOf);
  if (signal === "muc_state")
    return Promise.resolve({ account: nameOf(event.accountId ?? -1), ...event.data });
  return messageEvent(store, event, nameOf);
}

/**
 * Fills an event of the log with its content as it is now: what was retracted meanwhile comes without.
 *
 * @returns undefined where nothing is left to tell (the message went with its account)
 */
export async function hydrateEvent(
  store: Store,
  event: LoggedEvent,
  nameOf: (id: number) => string,
): Promise<DeliverableEvent | undefined> {
  const signal = event.signal as BridgeSignal;
  const params = await paramsOf(signal, store, event, nameOf);
  return params && { signal, params };
}
