import { subscribe } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psSubscribe: MethodHandler<"ps_subscribe"> = async (input, { accounts, store }) => {
  const { account, service } = addressedOnline(accounts, input);
  const { node, state, subid } = await subscribe(account.session, service, input.node);
  await store.subscriptions.put({ accountId: account.id, service, node, subid, state });
  return { state };
};
