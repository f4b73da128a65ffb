import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, jid } from "../shapes/common.js";

export const reactionsRestrictionsGet = defineMethod({
  name: "reactions_restrictions_get",
  summary:
    "What the other side of a conversation allows of reactions (XEP-0444 §2.2); empty where nothing is known.",
  params: z.strictObject({ account, conversation: jid.describe("a contact, a room, or room/nick") }),
  result: z.object({
    maxPerUser: z.int().optional().describe("so many emojis of one person at one message"),
    allowed: z.array(z.string()).optional().describe("these emojis and no others"),
  }),
});
