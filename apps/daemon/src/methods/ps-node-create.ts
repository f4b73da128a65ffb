import { createNode } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psNodeCreate: MethodHandler<"ps_node_create"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  return {
    node: await createNode(cache.writer(account), { service, node: input.node, config: input.config }),
  };
};
