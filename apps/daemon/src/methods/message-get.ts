import type { MethodHandler } from "./context.js";
import { messageView, requireMessage } from "./message-access.js";

export const messageGet: MethodHandler<"message_get"> = async ({ account, uid }, { accounts, store }) => {
  const { message } = await requireMessage({ accounts, store }, account, uid);
  return { message: await messageView({ accounts, store }, message) };
};
