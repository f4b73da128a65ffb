import type { MethodHandler } from "./context.js";
import { requireMessage } from "./message-access.js";

export const messageMarkDisplayed: MethodHandler<"message_mark_displayed"> = async (
  { account, uid },
  { accounts, store },
) => {
  const found = await requireMessage({ accounts, store }, account, uid);
  await found.account.messaging.markDisplayed(found.message);
  return {};
};
