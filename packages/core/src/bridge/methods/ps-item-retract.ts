import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, empty, itemId, node, service } from "../shapes/common.js";

export const psItemRetract = defineMethod({
  name: "ps_item_retract",
  summary: "Retracts an item (XEP-0060 §7.2).",
  params: z.strictObject({
    account,
    service,
    node,
    id: itemId,
    notify: z.boolean().optional().describe("tell the subscribers (true)"),
  }),
  result: empty,
});
