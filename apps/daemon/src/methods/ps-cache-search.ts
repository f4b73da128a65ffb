import { foundItemView } from "../views/item.js";
import type { MethodHandler } from "./context.js";

export const psCacheSearch: MethodHandler<"ps_cache_search"> = async (
  { accounts: names, withPayload, ...search },
  { accounts, cache },
) => {
  const { items, total } = await cache.search({
    ...search,
    accountIds: accounts.idsOf(names),
    limit: search.limit ?? 50,
  });
  return {
    items: items.map((item) =>
      foundItemView(item, item.accountIds.map(accounts.nameOf), withPayload ?? false),
    ),
    total,
  };
};
