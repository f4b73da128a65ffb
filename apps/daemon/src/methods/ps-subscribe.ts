import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psSubscribe: MethodHandler<"ps_subscribe"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  return { state: await cache.subscribe(account, { service, node: input.node }) };
};
