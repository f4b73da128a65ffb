import { fetchSubscriptions } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psSubscriptionsGet: MethodHandler<"ps_subscriptions_get"> = async (input, { accounts }) => {
  const { account, service } = addressedOnline(accounts, input);
  const subscriptions = await fetchSubscriptions(account.session, service);
  return { subscriptions: subscriptions.map((subscription) => ({ service, ...subscription })) };
};
