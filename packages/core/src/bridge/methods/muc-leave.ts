import { z } from "zod";
import { defineMethod } from "../method.js";
import { account, bare } from "../shapes/common.js";

export const mucLeave = defineMethod({
  name: "muc_leave",
  summary:
    "Leaves a room and stays out; its bookmark stays, without autojoin. Offline only where no bookmark brings us back.",
  params: z.strictObject({ account, room: bare.describe("the room's bare JID") }),
  result: z.object({}),
});
