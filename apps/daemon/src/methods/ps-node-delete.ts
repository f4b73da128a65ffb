import { deleteNode } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psNodeDelete: MethodHandler<"ps_node_delete"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  await deleteNode(cache.writer(account), service, input.node);
  return {};
};
