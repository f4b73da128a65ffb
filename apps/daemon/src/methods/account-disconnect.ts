import type { MethodHandler } from "./context.js";

export const accountDisconnect: MethodHandler<"account_disconnect"> = async ({ account }, { accounts }) => {
  await accounts.disconnect(account);
  return {};
};
