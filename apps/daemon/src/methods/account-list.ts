import type { MethodHandler } from "./context.js";

export const accountList: MethodHandler<"account_list"> = async (_input, { accounts }) => ({
  accounts: await accounts.list(),
});
