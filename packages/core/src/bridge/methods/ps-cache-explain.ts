import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, errorField, node, service, time } from "../shapes/common.js";
import { nodeState } from "../shapes/pubsub.js";

export const psCacheExplain = defineMethod({
  name: "ps_cache_explain",
  summary: "Why a node is, or is not, in the cache, and what happens to it next.",
  params: z.strictObject({ account, service, node }),
  result: z.object({
    state: nodeState,
    reasons: z.array(z.string()).describe("sentences for people, the most important first"),
    analyser: z.string().optional(),
    subscribed: z.boolean(),
    lastSync: time.optional().describe("beginning of the last full reading"),
    lastCheck: time.optional().describe("when it was last known to be up to date"),
    nextRetry: time.optional().describe("when it is tried again after a failure"),
    nextCheck: time.optional().describe("when it is looked at again although nothing is wrong"),
    lastError: errorField.optional(),
  }),
});
