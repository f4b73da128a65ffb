import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, bare } from "../shapes/common.js";

export const mucJoin = defineMethod({
  name: "muc_join",
  summary:
    "Joins a room, and again at every new session until it is left; it is bookmarked with autojoin (XEP-0402).",
  params: z.strictObject({
    account,
    room: bare.describe("the room's bare JID"),
    nick: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe("what to be called there; by default as before, else the account's name"),
    password: z.string().min(1).max(1000).optional(),
  }),
  result: z.object({ room: z.string(), nick: z.string() }),
});
