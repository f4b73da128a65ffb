import type { BridgeResult } from "@larder/core";
import type { MethodHandler } from "./context.js";

type Room = BridgeResult<"muc_list">["rooms"][number];

export const mucList: MethodHandler<"muc_list"> = async ({ account }, { accounts }) => {
  const { rooms } = accounts.resolve(account).messaging;
  return { rooms: rooms.list().map(({ error, ...room }) => ({ ...room, error: error as Room["error"] })) };
};
