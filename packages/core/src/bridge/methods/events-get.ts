import { z } from "zod";
import { defineMethod } from "../method.js";
import { bare, limit } from "../shapes/common.js";

export const eventsGet = defineMethod({
  name: "events_get",
  summary: "Events of the durable log after a cursor; without one from the oldest that is kept.",
  params: z.strictObject({
    since: z.string().optional().describe("a cursor"),
    limit,
    signals: z.array(z.string().min(1)).optional(),
    accounts: z.array(bare).optional(),
  }),
  result: z.object({
    events: z.array(
      z.object({ signal: z.string(), cursor: z.string(), params: z.record(z.string(), z.unknown()) }),
    ),
    cursor: z.string(),
  }),
});
