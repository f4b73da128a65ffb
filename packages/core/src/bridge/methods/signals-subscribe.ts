import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare } from "../shapes/common.js";

export const signalsSubscribe = defineMethod({
  name: "signals_subscribe",
  summary: "Sends signals to this connection; with `since` first everything after that cursor.",
  params: z.strictObject({
    signals: z.array(z.string().min(1)).min(1).describe("names of signals, or *"),
    accounts: z.array(bare).optional(),
    since: z.string().optional().describe("a cursor: first everything after it"),
  }),
  result: z.object({ cursor: z.string() }),
});
