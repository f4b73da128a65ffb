import { z } from "zod";
import { defineMethod } from "../method.js";
import { account } from "../shapes/common.js";
import { message } from "../shapes/message.js";

export const messageCorrect = defineMethod({
  name: "message_correct",
  summary: "Says something else in place of one of our own messages (XEP-0308).",
  params: z.strictObject({
    account,
    uid: z.string().min(1).describe("the message"),
    body: z.string().min(1).describe("the new text"),
  }),
  result: z.object({ message }),
});
