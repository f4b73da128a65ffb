import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, empty } from "../shapes/common.js";

export const accountConnect = defineMethod({
  name: "account_connect",
  summary: "Connects an account; resolves when it is online.",
  params: z.strictObject({ account }),
  result: empty,
});
