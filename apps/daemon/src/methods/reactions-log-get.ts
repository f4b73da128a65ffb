import { reactionLogView } from "../views/reaction-log.js";
import type { MethodHandler } from "./context.js";
import { requireMessage } from "./message-access.js";

export const reactionsLogGet: MethodHandler<"reactions_log_get"> = async (
  { account, uid },
  { accounts, store },
) => {
  const { message } = await requireMessage({ accounts, store }, account, uid);
  const logs = await reactionLogView(store, message.accountId, [message.id]);
  return { changes: logs.get(message.id) ?? [] };
};
