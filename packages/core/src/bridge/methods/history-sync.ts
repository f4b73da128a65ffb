import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, jid, time } from "../shapes/common.js";

export const historySync = defineMethod({
  name: "history_sync",
  summary: "Catches up with the server's archive, or a room's; resolves when it is done.",
  params: z.strictObject({
    account,
    conversation: jid.optional().describe("only this conversation; a room has an archive of its own"),
    since: time.optional().describe("how far back it has to be complete; by default as far as is configured"),
  }),
  result: z.object({ received: z.int(), complete: z.boolean() }),
});
