import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare, jid } from "../shapes/common.js";

export const psCacheReparse = defineMethod({
  name: "ps_cache_reparse",
  summary: "Parses cached items again with the present parsers; resolves when it is done.",
  params: z.strictObject({
    account: bare.optional().describe("only what this account keeps; by default everybody's"),
    service: jid.optional().describe("only at this service; by default at all of them"),
    node: z.string().optional().describe("only this node"),
    types: z.array(z.string()).optional().describe("only nodes of these types"),
  }),
  result: z.object({ items: z.int().describe("how many items have new parsed data") }),
});
