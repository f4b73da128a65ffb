import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, service } from "../shapes/common.js";
import { subscriptionState } from "../shapes/pubsub.js";

export const psSubscriptionsGet = defineMethod({
  name: "ps_subscriptions_get",
  summary: "The account's subscriptions at a service (XEP-0060 §5.6).",
  params: z.strictObject({ account, service }),
  result: z.object({
    subscriptions: z.array(
      z.object({
        service: z.string(),
        node: z.string(),
        state: subscriptionState,
        subid: z.string().optional(),
      }),
    ),
  }),
});
