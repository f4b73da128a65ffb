import { NotConnectedError } from "@larder/core";
import type { MethodHandler } from "./context.js";

export const historySync: MethodHandler<"history_sync"> = async (
  { account: name, conversation, since },
  { accounts },
) => {
  const account = accounts.resolve(name);
  if (!account.online()) throw new NotConnectedError(account.jid);
  await account.begun(); // it says what the server has
  return account.messaging.sync(conversation, since === undefined ? undefined : new Date(since));
};
