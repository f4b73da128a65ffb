import { z } from "zod";
import { defineMethod } from "../method.js";
import { empty } from "../shapes/common.js";

export const signalsUnsubscribe = defineMethod({
  name: "signals_unsubscribe",
  summary: "Ends the subscription of this connection.",
  params: z.strictObject({}),
  result: empty,
});
