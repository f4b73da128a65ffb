import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, jid, requestId } from "../shapes/common.js";
import { localisedText, message, messageType } from "../shapes/message.js";

export const messageSend = defineMethod({
  name: "message_send",
  summary:
    "Sends a message; it stands in the history at once. Refused where its recipient is blocked (XEP-0191).",
  params: z
    .strictObject({
      account,
      to: jid.describe("who it is for"),
      body: z.string().min(1).optional().describe("the text"),
      bodies: z.array(localisedText).min(1).max(50).optional().describe("the text in several languages"),
      subject: z.string().optional(),
      type: messageType
        .exclude(["headline"])
        .optional()
        .describe("chat (default), groupchat (default in a room) or normal"),
      thread: z.string().min(1).optional(),
      replyTo: z.string().min(1).optional().describe("uid of the message it answers"),
      wait: z
        .enum(["stored", "sent"])
        .optional()
        .describe("answer when it is stored (default) or when the server has it"),
      requestId,
    })
    .refine((params) => (params.body === undefined) !== (params.bodies === undefined), {
      error: "give exactly one of body and bodies",
      path: ["body"],
    }),
  result: z.object({ message }),
});
