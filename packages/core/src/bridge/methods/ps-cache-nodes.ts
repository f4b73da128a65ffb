import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare, jid } from "../shapes/common.js";
import { cachedNode } from "../shapes/pubsub.js";

export const psCacheNodes = defineMethod({
  name: "ps_cache_nodes",
  summary: "The nodes that the cache knows, and how they stand.",
  params: z.strictObject({
    accounts: z.array(bare).optional(),
    services: z.array(jid).optional(),
    nodes: z.array(z.string()).optional(),
    types: z.array(z.string().nullable()).optional().describe("null finds nodes without one"),
  }),
  result: z.object({ nodes: z.array(cachedNode) }),
});
