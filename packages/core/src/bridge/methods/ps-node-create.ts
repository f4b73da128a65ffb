import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, node, service } from "../shapes/common.js";
import { formFields } from "../shapes/pubsub.js";

export const psNodeCreate = defineMethod({
  name: "ps_node_create",
  summary: "Creates a node (XEP-0060 §8.1).",
  params: z.strictObject({
    account,
    service,
    node: node.optional().describe("name of the node; the service makes one where it is left out"),
    config: formFields.optional().describe("node configuration (XEP-0060 §8.2)"),
  }),
  result: z.object({ node: z.string() }),
});
