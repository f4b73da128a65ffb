import { z } from "zod";
import { defineMethod } from "../method.js";
import { ownAttachments, updateType } from "../shapes/attachments.js";
import { account, itemId, node, service } from "../shapes/common.js";

export const psItemNoticedSet = defineMethod({
  name: "ps_item_noticed_set",
  summary: "Says that we have seen a pubsub item, or takes that back (XEP-0470 §4.7).",
  params: z.strictObject({
    account,
    service,
    node,
    id: itemId,
    noticed: z
      .boolean()
      .optional()
      .describe("what the update works with (true); replace with false takes it back"),
    updateType,
  }),
  result: ownAttachments,
});
