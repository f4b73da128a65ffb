import type { MethodHandler } from "./context.js";

export const accountRemove: MethodHandler<"account_remove"> = async ({ account, keepData }, { accounts }) => {
  await accounts.remove(account, keepData ?? false);
  return {};
};
