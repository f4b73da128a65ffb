import { z } from "zod";
import { defineMethod } from "../method.js";
import { account } from "../shapes/common.js";
import { reactionChange } from "../shapes/message.js";

export const reactionsLogGet = defineMethod({
  name: "reactions_log_get",
  summary: "How a message's reactions came about: who set what, and when, oldest first.",
  params: z.strictObject({ account, uid: z.string().min(1).describe("the message") }),
  result: z.object({ changes: z.array(reactionChange) }),
});
