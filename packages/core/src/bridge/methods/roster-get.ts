import { z } from "zod";
import { defineMethod } from "../method.js";
import { contact } from "../shapes/account.js";
import { account } from "../shapes/common.js";

export const rosterGet = defineMethod({
  name: "roster_get",
  summary: "The contacts of an account.",
  params: z.strictObject({ account }),
  result: z.object({
    contacts: z.array(contact),
    requests: z
      .array(z.string())
      .describe("who asks for our presence and waits for an answer, as far as this session was told"),
  }),
});
