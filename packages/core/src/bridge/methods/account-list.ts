import { z } from "zod";
import { defineMethod } from "../method.js";
import { accountInfo } from "../shapes/account.js";

export const accountList = defineMethod({
  name: "account_list",
  summary: "The accounts and how their connections stand.",
  params: z.strictObject({}),
  result: z.object({ accounts: z.array(accountInfo) }),
});
