import { z } from "zod";
import { errorField } from "./common.js";

export const accountState = z.enum(["offline", "connecting", "online", "failed"]);

export const accountInfo = z.object({
  account: z.string(),
  state: accountState,
  autoConnect: z.boolean(),
  lastError: errorField.optional(),
});

export const contact = z.object({
  jid: z.string(),
  name: z.string().optional(),
  groups: z.array(z.string()),
  subscription: z.string(),
  ask: z.string().optional(),
});
