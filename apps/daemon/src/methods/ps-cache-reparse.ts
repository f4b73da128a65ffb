import type { MethodHandler } from "./context.js";

export const psCacheReparse: MethodHandler<"ps_cache_reparse"> = async (
  { account, service, node, types },
  { accounts, reparser },
) => ({
  items: await reparser.run({
    accountIds: account === undefined ? undefined : [accounts.resolve(account).id],
    services: service === undefined ? undefined : [service],
    nodes: node === undefined ? undefined : [node],
    types,
  }),
});
