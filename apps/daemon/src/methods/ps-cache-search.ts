import { foundItemView } from "../views/item.js";
import type { MethodHandler } from "./context.js";

export const psCacheSearch: MethodHandler<"ps_cache_search"> = async (
  { accounts: names, withPayload, withAttachments, ...search },
  { accounts, cache, attachmentCounts },
) => {
  const { items, total } = await cache.search({
    ...search,
    accountIds: accounts.idsOf(names),
    limit: search.limit ?? 50,
  });
  const found = items.map((item) =>
    foundItemView(item, item.accountIds.map(accounts.nameOf), withPayload ?? false),
  );
  if (withAttachments !== true) return { items: found, total };
  const counted = await Promise.all(
    found.map(async (item) => {
      const [name] = item.accounts; // whoever may read the item may read what is attached to it
      const [counts] = name === undefined ? [] : await attachmentCounts.add(accounts.resolve(name), [item]);
      return counts ?? item;
    }),
  );
  return { items: counted, total };
};
