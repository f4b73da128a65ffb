import { z } from "zod";
import { defineMethod } from "../method.js";
import { ownAttachments, updateType } from "../shapes/attachments.js";
import { account, itemId, node, service } from "../shapes/common.js";

export const psItemReactionsSet = defineMethod({
  name: "ps_item_reactions_set",
  summary: "Changes our reactions to a pubsub item (XEP-0470 §4.8).",
  params: z.strictObject({
    account,
    service,
    node,
    id: itemId,
    reactions: z.array(z.string().min(1)).max(100).describe("emojis"),
    updateType,
  }),
  result: ownAttachments,
});
