import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, node, service } from "../shapes/common.js";
import { subscriptionState } from "../shapes/pubsub.js";

export const psSubscribe = defineMethod({
  name: "ps_subscribe",
  summary: "Subscribes to a node (XEP-0060 §6.1).",
  params: z.strictObject({ account, service, node }),
  result: z.object({ state: subscriptionState }),
});
