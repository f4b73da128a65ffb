import { nodeView } from "../views/node.js";
import type { MethodHandler } from "./context.js";

export const psCacheNodes: MethodHandler<"ps_cache_nodes"> = async (
  { accounts: names, ...filter },
  { accounts, cache },
) => {
  const nodes = await cache.nodes({ ...filter, accountIds: accounts.idsOf(names) });
  return { nodes: nodes.map((node) => nodeView(node, accounts.nameOf)) };
};
