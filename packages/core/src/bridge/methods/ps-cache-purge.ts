import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare, jid, pastTime } from "../shapes/common.js";

export const psCachePurge = defineMethod({
  name: "ps_cache_purge",
  summary: "Takes nodes, or the older items of nodes, out of the cache; services are not asked.",
  params: z
    .strictObject({
      accounts: z.array(bare).min(1).optional(),
      services: z.array(jid).min(1).optional(),
      nodes: z.array(z.string()).min(1).optional(),
      types: z.array(z.string().nullable()).min(1).optional().describe("null finds nodes without one"),
      subtypes: z.array(z.string().nullable()).min(1).optional().describe("null finds nodes without one"),
      createdBefore: pastTime.optional().describe("only items that were created before"),
      updatedBefore: pastTime.optional().describe("only items that were last changed before"),
    })
    .refine((filter) => Object.values(filter).some((value) => value !== undefined), {
      error: "give at least one filter; ps_cache_reset empties the whole cache",
    }),
  result: z.object({ deleted: z.int() }),
});
