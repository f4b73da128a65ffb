import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, node, service } from "../shapes/common.js";
import { subscriptionState } from "../shapes/pubsub.js";

export const psUnsubscribe = defineMethod({
  name: "ps_unsubscribe",
  summary: "Ends a subscription (XEP-0060 §6.2); the cache no longer subscribes to the node by itself.",
  params: z.strictObject({ account, service, node }),
  result: z.object({ state: subscriptionState }),
});
