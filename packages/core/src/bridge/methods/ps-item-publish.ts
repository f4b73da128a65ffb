import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, itemId, node, requestId, service } from "../shapes/common.js";
import { formFields } from "../shapes/pubsub.js";

export const psItemPublish = defineMethod({
  name: "ps_item_publish",
  summary: "Publishes an item (XEP-0060 §7.1).",
  params: z.strictObject({
    account,
    service,
    node,
    id: itemId.optional().describe("id of the item; the service makes one where it is left out"),
    payload: z.string().min(1).describe("XML of the payload element"),
    options: formFields.optional().describe("publish-options (XEP-0060 §7.1.5)"),
    requestId,
  }),
  result: z.object({ id: z.string() }),
});
