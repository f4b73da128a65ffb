import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, empty, node, service } from "../shapes/common.js";

export const psNodePurge = defineMethod({
  name: "ps_node_purge",
  summary: "Removes every item of a node at its service (XEP-0060 §8.5).",
  params: z.strictObject({ account, service, node }),
  result: empty,
});
