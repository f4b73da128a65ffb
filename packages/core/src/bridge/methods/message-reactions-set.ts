import { z } from "zod";
import { defineMethod } from "../method.js";
import { updateType } from "../shapes/attachments.js";
import { account } from "../shapes/common.js";
import { message } from "../shapes/message.js";

export const messageReactionsSet = defineMethod({
  name: "message_reactions_set",
  summary: "Changes our reactions to a message (XEP-0444).",
  params: z.strictObject({
    account,
    uid: z.string().min(1).describe("the message"),
    reactions: z.array(z.string().min(1)).max(100).describe("emojis"),
    updateType,
  }),
  result: z.object({ message }),
});
