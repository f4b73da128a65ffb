import { NotFoundError } from "@larder/core";
import type { MethodHandler } from "./context.js";

export const mucLeave: MethodHandler<"muc_leave"> = async ({ account, room }, { accounts }) => {
  const { rooms, bookmarks } = accounts.resolve(account).messaging;
  if (!rooms.isRoom(room)) throw new NotFoundError(`the account was never in the room ${room}`);
  await bookmarks.leave(room);
  return {};
};
