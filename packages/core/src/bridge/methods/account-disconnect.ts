import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, empty } from "../shapes/common.js";

export const accountDisconnect = defineMethod({
  name: "account_disconnect",
  summary: "Disconnects an account and keeps it disconnected.",
  params: z.strictObject({ account }),
  result: empty,
});
