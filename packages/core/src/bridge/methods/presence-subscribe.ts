import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, bare } from "../shapes/common.js";

export const presenceSubscribe = defineMethod({
  name: "presence_subscribe",
  summary: "Asks a contact for their presence (RFC 6121 §3.1).",
  params: z.strictObject({ account, jid: bare }),
  result: z.object({}),
});
