import type { BridgeResult } from "@larder/core";
import type { NodeAddress, ReadAnswer, ReadItem } from "@larder/pubsub-cache";
import type { FoundItem, NodeRecord } from "@larder/storage";

/** A page of items as the bridge shows it. */
export type ItemsPageView = BridgeResult<"ps_items_get">;
/** An item as the bridge shows it. */
export type ItemView = ItemsPageView["items"][number];
type FoundItemView = BridgeResult<"ps_cache_search">["items"][number];
/** A node of the cache as the bridge shows it. */
export type NodeView = BridgeResult<"ps_cache_sync">["node"];

export function itemView(item: ReadItem, { service, node }: NodeAddress, account: string): ItemView {
  return {
    id: item.id,
    service,
    node,
    accounts: [account],
    publisher: item.publisher,
    created: item.created.toISOString(),
    updated: item.updated.toISOString(),
    dateSource: item.dateSource,
    xml: item.xml,
    parsed: item.parsed,
    parseError: item.parseError,
  };
}

export function itemsPageView(answer: ReadAnswer, address: NodeAddress, account: string): ItemsPageView {
  return {
    items: answer.items.map((item) => itemView(item, address, account)),
    rsm: answer.rsm,
    complete: answer.complete,
    source: answer.source,
    stale: answer.stale,
  };
}

export function foundItemView(item: FoundItem, account: string, withPayload: boolean): FoundItemView {
  const { xml, ...view } = itemView({ ...item, id: item.itemId }, item, account);
  return withPayload ? { ...view, xml } : view;
}

export function nodeView(node: NodeRecord & { items: number }, account: string): NodeView {
  return {
    accounts: [account],
    service: node.service,
    node: node.node,
    type: node.type,
    subtype: node.subtype,
    analyser: node.analyser,
    state: node.state,
    items: node.items,
    subscribed: node.subscribed,
    lastSync: node.lastSync?.toISOString(),
    lastError: node.lastError as NodeView["lastError"],
  };
}
