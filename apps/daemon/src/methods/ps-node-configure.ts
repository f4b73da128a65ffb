import { configureNode, InvalidParamsError } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psNodeConfigure: MethodHandler<"ps_node_configure"> = async (input, { accounts, cache }) => {
  const { node, config = {} } = input;
  if (Object.keys(config).length === 0)
    throw new InvalidParamsError("config", "config: give the fields to change, for example pubsub#max_items");
  const { account, service } = addressedOnline(accounts, input);
  await configureNode(cache.writer(account), { service, node, config });
  return { node };
};
