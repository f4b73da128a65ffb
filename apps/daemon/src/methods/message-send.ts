import { NotConnectedError } from "@larder/core";
import type { MethodHandler } from "./context.js";
import { messageView } from "./message-access.js";

export const messageSend: MethodHandler<"message_send"> = async (input, { accounts, sender, store }) => {
  const account = accounts.resolve(input.account);
  try {
    account.messaging.checkReachable(input.to);
  } catch (error) {
    // Who asks once more has to learn that it was sent when it still could be.
    const uid = input.requestId && (await store.sendRequests.find(account.id, input.requestId));
    const earlier = uid === undefined ? undefined : await store.messages.get(uid);
    if (!earlier) throw error;
    return { message: await messageView({ accounts, store }, earlier) };
  }
  // Nothing is awaited before this call: sends to one conversation keep the order in which they came.
  const { message, sent } = await sender.send(account, {
    to: input.to,
    conversation: account.messaging.conversationOf(input.to) ?? input.to,
    bodies: input.bodies ?? [{ lang: "", text: input.body ?? "" }],
    subject: input.subject,
    type: input.type ?? (account.messaging.rooms.isRoom(input.to) ? "groupchat" : "chat"),
    thread: input.thread,
    replyTo: input.replyTo,
    requestId: input.requestId,
  });
  if (input.wait === "sent") {
    await sent;
    if (!account.online()) throw new NotConnectedError(account.jid);
  }
  return { message: await messageView({ accounts, store }, message) };
};
