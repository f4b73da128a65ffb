import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, jid, limit, time } from "../shapes/common.js";
import { message, messageType } from "../shapes/message.js";

const point = z.union([time, z.string().min(1)]);

export const historyGet = defineMethod({
  name: "history_get",
  summary: "Messages of the history, oldest first; without `after` the newest.",
  params: z.strictObject({
    account,
    conversation: jid
      .optional()
      .describe("the other party's bare JID, a room, or room/nick for private room messages"),
    before: point.optional().describe("messages before this uid or instant"),
    after: point.optional().describe("messages after this uid or instant"),
    limit,
    search: z.string().min(1).max(10_000).optional().describe("full text"),
    types: z.array(messageType).min(1).optional(),
    from: jid
      .optional()
      .describe("sent by this party: a bare JID, in rooms room/nick; the account itself for our own"),
    withReactionLog: z.boolean().optional().describe("how reactions came about, with each message (false)"),
  }),
  result: z.object({ messages: z.array(message), complete: z.boolean() }),
});
