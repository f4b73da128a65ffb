import { z } from "zod";
import { defineMethod } from "../method.js";
import { withAttachments } from "../shapes/attachments.js";
import { account, node, service } from "../shapes/common.js";
import { atMostOneSelection, itemSelection, itemsPage, oneSelectionError } from "../shapes/pubsub.js";

export const psItemsGet = defineMethod({
  name: "ps_items_get",
  summary: "Items of a node, oldest first: from the cache once it is synchronised, else from the service.",
  params: z
    .strictObject({
      account,
      service,
      node,
      ...itemSelection,
      withAttachments,
      useCache: z.boolean().optional().describe("false asks the service in any case (true)"),
    })
    .refine(atMostOneSelection, oneSelectionError),
  result: itemsPage,
});
