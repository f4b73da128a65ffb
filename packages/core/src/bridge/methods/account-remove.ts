import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, empty } from "../shapes/common.js";

export const accountRemove = defineMethod({
  name: "account_remove",
  summary: "Removes an account, and what was kept for it unless told to keep it.",
  params: z.strictObject({
    account,
    keepData: z
      .boolean()
      .optional()
      .describe("keep messages and items; adding the account again finds them (false)"),
  }),
  result: empty,
});
