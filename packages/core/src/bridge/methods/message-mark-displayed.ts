import { z } from "zod";
import { defineMethod } from "../method.js";
import { account } from "../shapes/common.js";

export const messageMarkDisplayed = defineMethod({
  name: "message_mark_displayed",
  summary:
    "Everything up to this message was displayed: tells its sender where wanted (XEP-0333) and our other devices (XEP-0490).",
  params: z.strictObject({ account, uid: z.string().min(1).describe("the message") }),
  result: z.object({}),
});
