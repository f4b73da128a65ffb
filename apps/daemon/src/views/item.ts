import { type BridgeResult, ELEMENT_MARK } from "@larder/core";
import type { NodeAddress, ReadAnswer, ReadItem } from "@larder/pubsub-cache";
import type { FoundItem } from "@larder/storage";
import { JsonText } from "../bridge/json-text.js";

/** A page of items as the bridge shows it. */
export type ItemsPageView = BridgeResult<"ps_items_get">;
/** An item as the bridge shows it. */
export type ItemView = ItemsPageView["items"][number];
type FoundItemView = BridgeResult<"ps_cache_search">["items"][number];

/** @param accounts who may read it: whoever asked, or all that share its copy */
export function itemView(item: ReadItem, address: NodeAddress, accounts: readonly string[]): ItemView {
  const { parseError, ...head } = itemHead(item, address, accounts);
  return { ...head, xml: item.xml, parsed: item.parsed, parseError };
}

/** All but what an item may have at hand as JSON. */
const itemHead = (
  item: Omit<ReadItem, "xml">,
  { service, node }: NodeAddress,
  accounts: readonly string[],
) => ({
  id: item.id,
  service,
  node,
  accounts: [...accounts],
  publisher: item.publisher,
  created: item.created.toISOString(),
  updated: item.updated.toISOString(),
  dateSource: item.dateSource,
  parseError: item.parseError,
});

/** A page of items, written out; see {@link JsonText}. */
export function itemsPageText(answer: ReadAnswer, address: NodeAddress, account: string): JsonText {
  const { items, rsm, complete, source, stale, leftOut } = answer;
  const rest = { rsm, complete, source, stale, leftOut } satisfies Omit<ItemsPageView, "items">;
  const accounts = [account];
  const parts: (string | Uint8Array)[] = [`{"items":[${ELEMENT_MARK}`];
  for (const item of items) {
    if (parts.length > 1) parts.push(`,${ELEMENT_MARK}`);
    pushItem(parts, item, address, accounts);
  }
  parts.push(`${ELEMENT_MARK}],${JSON.stringify(rest).slice(1)}`);
  return new JsonText(parts);
}

/** The same to go on with. */
export function itemsPageView(answer: ReadAnswer, address: NodeAddress, account: string): ItemsPageView {
  const { items, rsm, complete, source, stale, leftOut } = answer;
  const views = items.map((item) => {
    const parsed = item.parsedJson === undefined ? item.parsed : (JSON.parse(item.parsedJson) as unknown);
    return itemView({ ...withoutParsed(item), parsed }, address, [account]);
  });
  return { items: views, rsm, complete, source, stale, leftOut };
}

function pushItem(
  parts: (string | Uint8Array)[],
  item: ReadItem,
  address: NodeAddress,
  accounts: readonly string[],
): void {
  if (item.written !== undefined) {
    const { parseError, ...head } = itemHead(item, address, accounts);
    const error = parseError === undefined ? "" : `,"parseError":${JSON.stringify(parseError)}`;
    parts.push(`${JSON.stringify(head).slice(0, -1)},`, item.written, `${error}}`);
    return;
  }
  if (item.parsedJson === undefined) {
    parts.push(JSON.stringify(itemView(item, address, accounts)));
    return;
  }
  const view = itemView(withoutParsed(item), address, accounts);
  parts.push(JSON.stringify(view).slice(0, -1), ',"parsed":', item.parsedJson, "}");
}

const withoutParsed = ({
  id,
  publisher,
  created,
  updated,
  dateSource,
  xml,
  parseError,
}: ReadItem): ReadItem => ({
  id,
  publisher,
  created,
  updated,
  dateSource,
  xml,
  parseError,
});

export function foundItemView(
  item: FoundItem,
  accounts: readonly string[],
  withPayload: boolean,
): FoundItemView {
  const { xml, ...view } = itemView({ ...item, id: item.itemId }, item, accounts);
  return withPayload ? { ...view, xml } : view;
}
