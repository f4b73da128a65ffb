import { z } from "zod";
import { defineMethod } from "../method.js";
import { withAttachments } from "../shapes/attachments.js";
import { bare, jid, limit } from "../shapes/common.js";
import { foundItem } from "../shapes/pubsub.js";
import { condition, searchOrder } from "../shapes/search.js";

export const psCacheSearch = defineMethod({
  name: "ps_cache_search",
  summary: "Finds cached items by text, place and parsed data.",
  params: z.strictObject({
    fts: z
      .string()
      .max(10_000)
      .optional()
      .describe('full text: words, "phrases", prefix*, AND, OR, NOT, parentheses'),
    accounts: z.array(bare).optional(),
    services: z.array(jid).optional(),
    nodes: z.array(z.string()).optional(),
    types: z.array(z.string().nullable()).optional().describe("null finds nodes without one"),
    subtypes: z.array(z.string().nullable()).optional().describe("null finds nodes without one"),
    ids: z.array(z.string()).max(1000).optional(),
    parsed: z.array(condition).max(50).optional().describe("conditions on the parsed data"),
    orderBy: z.array(searchOrder).max(10).optional(),
    index: z.int().min(0).optional().describe("leave out so many (0)"),
    limit,
    withAttachments,
    withPayload: z.boolean().optional().describe("return the XML too (false)"),
    withTotal: z.boolean().optional().describe("count all matches (false)"),
  }),
  result: z.object({ items: z.array(foundItem), total: z.int().optional() }),
});
