import type { MethodHandler } from "./context.js";

export const accountConnect: MethodHandler<"account_connect"> = async ({ account }, { accounts }) => {
  await accounts.connect(account);
  return {};
};
