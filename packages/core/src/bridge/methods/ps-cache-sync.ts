import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, node, service } from "../shapes/common.js";
import { cachedNode } from "../shapes/pubsub.js";

export const psCacheSync = defineMethod({
  name: "ps_cache_sync",
  summary: "Synchronises a node in full; resolves when it is done.",
  params: z.strictObject({ account, service, node }),
  result: z.object({ node: cachedNode }),
});
