import { z } from "zod";
import { defineMethod } from "../method.js";
import { account } from "../shapes/common.js";
import { roomStanding } from "../shapes/room.js";

export const mucList = defineMethod({
  name: "muc_list",
  summary: "The rooms that an account is in, was in, or has a bookmark of, and what it is in them.",
  params: z.strictObject({ account }),
  result: z.object({
    rooms: z.array(z.object({ ...roomStanding, bookmarked: z.boolean(), autojoin: z.boolean() })),
  }),
});
