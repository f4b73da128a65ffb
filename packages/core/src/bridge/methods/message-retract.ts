import { z } from "zod";
import { defineMethod } from "../method.js";
import { account } from "../shapes/common.js";
import { message } from "../shapes/message.js";

export const messageRetract = defineMethod({
  name: "message_retract",
  summary: "Takes back one of our own messages (XEP-0424), or as a moderator another's in a room (XEP-0425).",
  params: z.strictObject({
    account,
    uid: z.string().min(1).describe("the message"),
    reason: z.string().min(1).max(1000).optional().describe("told with a moderation"),
  }),
  result: z.object({ message }),
});
