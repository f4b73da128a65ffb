import { z } from "zod";
import { errorField } from "./common.js";

/** State of an account in a room. */
export const roomState = z
  .enum(["joined", "joining", "left", "removed"])
  .describe(
    "joined; joining: on the way, by itself, also while there is no session; left: by our wish; removed: kicked, banned, no longer a member, refused, or the room was destroyed",
  );

/** An account's standing in a room, without the account. */
export const roomStanding = {
  room: z.string(),
  state: roomState,
  nick: z.string().optional(),
  name: z.string().optional(),
  reason: z.string().optional().describe("with removed: in the room's words"),
  alternate: z.string().optional().describe("with removed: the room that has taken a destroyed one's place"),
  error: errorField.optional().describe("with removed and joining: what happened"),
};
