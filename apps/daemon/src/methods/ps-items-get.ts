import { itemsPageView } from "../views/item.js";
import { addressed } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemsGet: MethodHandler<"ps_items_get"> = async (input, { accounts, cache }) => {
  const { account, service } = addressed(accounts, input);
  const { node, maxItems, itemIds, rsm, orderBy, useCache } = input;
  const answer = await cache.getItems(
    account,
    { service, node, maxItems, itemIds, rsm, orderBy },
    { useCache },
  );
  return itemsPageView(answer, { service, node }, account.jid);
};
