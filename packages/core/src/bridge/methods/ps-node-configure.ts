import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, node, service } from "../shapes/common.js";
import { formFields } from "../shapes/pubsub.js";

export const psNodeConfigure = defineMethod({
  name: "ps_node_configure",
  summary: "Changes fields of a node's configuration (XEP-0060 §8.2); the others stay as they are.",
  params: z.strictObject({
    account,
    service,
    node,
    config: formFields.optional().describe("the fields to change, for example pubsub#max_items"),
  }),
  result: z.object({ node: z.string() }),
});
