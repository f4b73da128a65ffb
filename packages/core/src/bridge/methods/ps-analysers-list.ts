import { z } from "zod";
import { defineMethod } from "../method.js";

export const psAnalysersList = defineMethod({
  name: "ps_analysers_list",
  summary: "The analysers in the order in which they are asked; the first that matches a node decides.",
  params: z.strictObject({}),
  result: z.object({
    analysers: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        subtype: z.string().optional(),
        node: z.string().optional().describe("start of the names of its nodes"),
        namespace: z.string().optional().describe("of the first item's payload"),
        toSync: z.boolean().describe("whether its nodes are kept in the cache"),
        parsed: z.boolean().describe("whether items are parsed"),
        parserVersion: z.string().optional(),
      }),
    ),
  }),
});
