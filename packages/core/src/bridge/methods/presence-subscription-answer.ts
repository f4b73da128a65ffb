import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, bare } from "../shapes/common.js";

export const presenceSubscriptionAnswer = defineMethod({
  name: "presence_subscription_answer",
  summary:
    "Allows or refuses somebody our presence (RFC 6121 §3.1.4, §3.1.5); requests are never answered by themselves.",
  params: z.strictObject({ account, jid: bare, allow: z.boolean() }),
  result: z.object({}),
});
