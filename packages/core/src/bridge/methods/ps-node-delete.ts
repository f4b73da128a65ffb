import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, empty, node, service } from "../shapes/common.js";

export const psNodeDelete = defineMethod({
  name: "ps_node_delete",
  summary: "Deletes a node with its items and subscriptions (XEP-0060 §8.4).",
  params: z.strictObject({ account, service, node }),
  result: empty,
});
