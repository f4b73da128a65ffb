import type { MethodHandler } from "./context.js";

export const presenceSubscriptionAnswer: MethodHandler<"presence_subscription_answer"> = async (
  { account, jid, allow },
  { accounts },
) => {
  await accounts.resolve(account).answerSubscription(jid, allow);
  return {};
};
