import { z } from "zod";
import { defineMethod } from "../method.js";

export const psCacheReset = defineMethod({
  name: "ps_cache_reset",
  summary: "Empties the cache; it then fills again as if new.",
  params: z.strictObject({}),
  result: z.object({ nodes: z.int(), items: z.int() }),
});
