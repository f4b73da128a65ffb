import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psUnsubscribe: MethodHandler<"ps_unsubscribe"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  return { state: await cache.unsubscribe(account, { service, node: input.node }) };
};
