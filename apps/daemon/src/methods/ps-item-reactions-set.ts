import { addressedOnline, attaching } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemReactionsSet: MethodHandler<"ps_item_reactions_set"> = async (
  input,
  { accounts, attachments, cache },
) => {
  const { account, service } = addressedOnline(accounts, input);
  const item = { service, node: input.node, id: input.id };
  const update = input.updateType ?? "replace";
  const { noticed, reactions } = await attachments.setReactions(
    attaching(account, cache),
    item,
    input.reactions,
    update,
  );
  return { noticed, reactions: [...reactions] };
};
