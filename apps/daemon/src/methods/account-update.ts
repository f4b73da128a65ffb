import type { MethodHandler } from "./context.js";

export const accountUpdate: MethodHandler<"account_update"> = async (
  { account, ...changes },
  { accounts },
) => {
  await accounts.update(account, changes);
  return {};
};
