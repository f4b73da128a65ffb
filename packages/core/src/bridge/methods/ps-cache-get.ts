import { z } from "zod";
import { defineMethod } from "../method.js";
import { withAttachments } from "../shapes/attachments.js";
import { account, node, service } from "../shapes/common.js";
import { atMostOneSelection, itemSelection, itemsPage, oneSelectionError } from "../shapes/pubsub.js";

export const psCacheGet = defineMethod({
  name: "ps_cache_get",
  summary: "Items of a cached node, from the cache alone.",
  params: z
    .strictObject({ account, service, node, ...itemSelection, withAttachments })
    .refine(atMostOneSelection, oneSelectionError),
  result: itemsPage,
});
