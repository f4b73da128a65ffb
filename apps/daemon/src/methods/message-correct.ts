import type { MethodHandler } from "./context.js";
import { messageView, requireMessage } from "./message-access.js";

export const messageCorrect: MethodHandler<"message_correct"> = async (
  { account, uid, body },
  { accounts, store, sender },
) => {
  const found = await requireMessage({ accounts, store }, account, uid);
  found.account.messaging.rooms.checkNotLeft(found.message.conversation);
  await sender.correct(found.account, found.message, body);
  return { message: await messageView({ accounts, store }, found.message) };
};
