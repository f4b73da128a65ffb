import { explanationView } from "../views/node.js";
import { addressed } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psCacheExplain: MethodHandler<"ps_cache_explain"> = async (input, { accounts, cache }) => {
  const { account, service } = addressed(accounts, input);
  return explanationView(await cache.explain(account, { service, node: input.node }));
};
