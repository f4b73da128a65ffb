import { itemsPageView } from "../views/item.js";
import { addressed } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psCacheGet: MethodHandler<"ps_cache_get"> = async (input, { accounts, cache }) => {
  const { account, service } = addressed(accounts, input);
  const { node, maxItems, itemIds, rsm, orderBy } = input;
  const answer = await cache.getCached(account, { service, node, maxItems, itemIds, rsm, orderBy });
  return itemsPageView(answer, { service, node }, account.jid);
};
