import { NotConnectedError } from "@larder/core";
import type { MethodHandler } from "./context.js";

export const reactionsRestrictionsGet: MethodHandler<"reactions_restrictions_get"> = async (
  input,
  { accounts },
) => {
  const account = accounts.resolve(input.account);
  if (!account.online()) throw new NotConnectedError(account.jid);
  const conversation = account.messaging.conversationOf(input.conversation) ?? input.conversation;
  const { maxPerUser, allowed } = (await account.restrictions(conversation)) ?? {};
  return { ...(maxPerUser !== undefined && { maxPerUser }), ...(allowed && { allowed: [...allowed] }) };
};
