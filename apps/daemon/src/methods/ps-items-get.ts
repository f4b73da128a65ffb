import { itemsPageText, itemsPageView } from "../views/item.js";
import { addressed } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemsGet: MethodHandler<"ps_items_get"> = async (
  input,
  { accounts, cache, attachmentCounts },
) => {
  const { account, service } = addressed(accounts, input);
  const { node, maxItems, itemIds, rsm, orderBy, useCache, withAttachments } = input;
  const written = withAttachments !== true;
  const answer = await cache.getItems(
    account,
    { service, node, maxItems, itemIds, rsm, orderBy },
    { useCache, written },
  );
  if (written) return itemsPageText(answer, { service, node }, account.jid);
  const page = itemsPageView(answer, { service, node }, account.jid);
  return { ...page, items: await attachmentCounts.add(account, page.items) };
};
