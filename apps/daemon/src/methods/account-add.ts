import type { MethodHandler } from "./context.js";

export const accountAdd: MethodHandler<"account_add"> = async (input, { accounts }) => ({
  account: await accounts.add(input),
});
