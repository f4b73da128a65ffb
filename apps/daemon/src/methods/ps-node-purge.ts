import { purgeNode } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psNodePurge: MethodHandler<"ps_node_purge"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  await purgeNode(cache.writer(account), service, input.node);
  return {};
};
