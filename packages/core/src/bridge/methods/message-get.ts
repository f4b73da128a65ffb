import { z } from "zod";
import { defineMethod } from "../method.js";
import { account } from "../shapes/common.js";
import { message } from "../shapes/message.js";

export const messageGet = defineMethod({
  name: "message_get",
  summary: "One message.",
  params: z.strictObject({ account, uid: z.string().min(1) }),
  result: z.object({ message }),
});
