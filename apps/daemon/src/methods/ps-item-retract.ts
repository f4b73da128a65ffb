import { retractItem } from "@larder/core";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemRetract: MethodHandler<"ps_item_retract"> = async (input, { accounts, cache }) => {
  const { account, service } = addressedOnline(accounts, input);
  await retractItem(cache.writer(account), {
    service,
    node: input.node,
    id: input.id,
    notify: input.notify ?? true,
  });
  return {};
};
