import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, limit, time } from "../shapes/common.js";
import { conversation } from "../shapes/message.js";

export const conversationsList = defineMethod({
  name: "conversations_list",
  summary: "Conversations with their newest message and the number of unread ones, newest first.",
  params: z.strictObject({
    account: account.describe("only this account's; all accounts' when left out"),
    limit,
    before: z
      .union([time, z.string().min(1)])
      .optional()
      .describe("conversations older than this instant, or than the one whose last message has this uid"),
  }),
  result: z.object({ conversations: z.array(conversation), complete: z.boolean() }),
});
