import { z } from "zod";
import { defineMethod } from "../method.js";

export const statsGet = defineMethod({
  name: "stats_get",
  summary: "Counts of what the daemon holds and does.",
  params: z.strictObject({}),
  result: z.object({
    accounts: z.int(),
    messages: z.int(),
    nodes: z.int(),
    items: z.int(),
    parserPool: z.record(z.string(), z.unknown()),
    databaseBytes: z.int(),
    eventLog: z.object({ events: z.int(), newest: z.string(), oldest: z.string() }),
    bridge: z.object({ connections: z.int() }),
    network: z.object({
      dropped: z.int().describe("stanzas and items over a limit"),
      forged: z.int().describe("stanzas that claimed to be from somebody else"),
      paused: z.int().describe("times that a server was held back because too much was unfinished"),
      waiting: z.int().describe("reactions, receipts and retractions whose message is not here"),
      unfollowed: z.int().describe("notifications of nodes that no account follows"),
    }),
  }),
});
