import { deleteNode } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psNodeDelete: MethodHandler<"ps_node_delete"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  await deleteNode(account.session, service, input.node);
  await cache.nodeDeleted(account, { service, node: input.node });
  return {};
};
