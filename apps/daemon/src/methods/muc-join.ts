import type { MethodHandler } from "./context.js";

export const mucJoin: MethodHandler<"muc_join"> = async (
  { account, room, nick, password },
  { accounts },
) => ({
  room,
  nick: await accounts.resolve(account).messaging.bookmarks.join(room, { nick, password }),
});
