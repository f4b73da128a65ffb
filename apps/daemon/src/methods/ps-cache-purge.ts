import type { MethodHandler } from "./context.js";

const date = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

export const psCachePurge: MethodHandler<"ps_cache_purge"> = async (
  { accounts: names, createdBefore, updatedBefore, ...filter },
  { accounts, cache },
) => ({
  deleted: await cache.purge({
    ...filter,
    accountIds: accounts.idsOf(names),
    createdBefore: date(createdBefore),
    updatedBefore: date(updatedBefore),
  }),
});
