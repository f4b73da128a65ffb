import type { MethodHandler } from "./context.js";
import { messageView, requireMessage } from "./message-access.js";

export const messageReactionsSet: MethodHandler<"message_reactions_set"> = async (
  { account, uid, reactions: emojis, updateType },
  { accounts, store, reactions },
) => {
  const found = await requireMessage({ accounts, store }, account, uid);
  found.account.messaging.rooms.checkNotLeft(found.message.conversation);
  await reactions.set(found.account, found.message.id, emojis, updateType ?? "replace");
  return { message: await messageView({ accounts, store }, found.message) };
};
