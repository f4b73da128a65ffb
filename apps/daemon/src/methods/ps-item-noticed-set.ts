import { attachmentNode } from "@larder/reactions";
import { addressedOnline } from "./address.js";
import type { MethodHandler } from "./context.js";

export const psItemNoticedSet: MethodHandler<"ps_item_noticed_set"> = async (
  input,
  { accounts, attachments, cache },
) => {
  const { account, service } = addressedOnline(accounts, input);
  const item = { service, node: input.node, id: input.id };
  const update = input.updateType ?? "replace";
  const { noticed, reactions } = await attachments.setNoticed(account, item, input.noticed ?? true, update);
  await cache.noteOwnChange(account, { service, node: attachmentNode(item) });
  return { noticed, reactions: [...reactions] };
};
