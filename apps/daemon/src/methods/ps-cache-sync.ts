import { nodeView } from "../views/node.js";
import { addressed } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psCacheSync: MethodHandler<"ps_cache_sync"> = async (input, { accounts, cache }) => {
  const { account, service } = addressed(accounts, input);
  return { node: nodeView(await cache.sync(account, { service, node: input.node }), accounts.nameOf) };
};
