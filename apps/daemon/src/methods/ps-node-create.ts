import { createNode } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psNodeCreate: MethodHandler<"ps_node_create"> = async (input, { accounts }) => {
  const { account, service } = addressedOnline(accounts, input);
  return { node: await createNode(account.session, { service, node: input.node, config: input.config }) };
};
