import { addressedOnline, attaching } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemNoticedSet: MethodHandler<"ps_item_noticed_set"> = async (
  input,
  { accounts, attachments, cache },
) => {
  const { account, service } = addressedOnline(accounts, input);
  const item = { service, node: input.node, id: input.id };
  const update = input.updateType ?? "replace";
  const { noticed, reactions } = await attachments.setNoticed(
    attaching(account, cache),
    item,
    input.noticed ?? true,
    update,
  );
  return { noticed, reactions: [...reactions] };
};
