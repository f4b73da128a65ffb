import type { BridgeResult } from "@larder/core";
import type { NodeAddress, ReadAnswer, ReadItem } from "@larder/pubsub-cache";
import type { FoundItem } from "@larder/storage";

/** A page of items as the bridge shows it. */
export type ItemsPageView = BridgeResult<"ps_items_get">;
/** An item as the bridge shows it. */
export type ItemView = ItemsPageView["items"][number];
type FoundItemView = BridgeResult<"ps_cache_search">["items"][number];

/** @param accounts who may read it: whoever asked, or all that share its copy */
export function itemView(
  item: ReadItem,
  { service, node }: NodeAddress,
  accounts: readonly string[],
): ItemView {
  return {
    id: item.id,
    service,
    node,
    accounts: [...accounts],
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
    items: answer.items.map((item) => itemView(item, address, [account])),
    rsm: answer.rsm,
    complete: answer.complete,
    source: answer.source,
    stale: answer.stale,
  };
}

export function foundItemView(
  item: FoundItem,
  accounts: readonly string[],
  withPayload: boolean,
): FoundItemView {
  const { xml, ...view } = itemView({ ...item, id: item.itemId }, item, accounts);
  return withPayload ? { ...view, xml } : view;
}
