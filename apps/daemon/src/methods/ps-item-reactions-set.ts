import { attachmentNode } from "@larder/reactions";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemReactionsSet: MethodHandler<"ps_item_reactions_set"> = async (
  input,
  { accounts, attachments, cache },
) => {
  const { account, service } = addressedOnline(accounts, input);
  const item = { service, node: input.node, id: input.id };
  const update = input.updateType ?? "replace";
  const { noticed, reactions } = await attachments.setReactions(account, item, input.reactions, update);
  await cache.noteOwnChange(account, { service, node: attachmentNode(item) });
  return { noticed, reactions: [...reactions] };
};
