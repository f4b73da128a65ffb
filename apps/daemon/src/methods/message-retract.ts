import type { MethodHandler } from "./context.js";
import { messageView, requireMessage } from "./message-access.js";

export const messageRetract: MethodHandler<"message_retract"> = async (
  { account, uid, reason },
  { accounts, store, sender },
) => {
  const found = await requireMessage({ accounts, store }, account, uid);
  const { message } = found;
  // Another's message in a room: the room decides whether we may, and tells everybody, us too.
  if (message.direction === "in" && message.type === "groupchat")
    await found.account.messaging.moderate(message, reason);
  else {
    found.account.messaging.rooms.checkNotLeft(message.conversation);
    await sender.retract(found.account, message);
  }
  return { message: await messageView({ accounts, store }, message) };
};
