import type { BridgeResult } from "@larder/core";
import { reactionLog } from "@larder/reactions";
import type { Store } from "@larder/storage";
import { groupBy } from "./group-by.js";

export type ReactionLogView = BridgeResult<"reactions_log_get">["changes"];

/** How the reactions to messages of one account came about, by the message's row. */
export async function reactionLogView(
  store: Store,
  accountId: number,
  messageIds: readonly number[],
): Promise<Map<number, ReactionLogView>> {
  if (messageIds.length === 0) return new Map();
  const changes = await store.reactions.changes(accountId, { messages: messageIds });
  const byMessage = groupBy(changes, ({ messageId }) => messageId ?? -1);
  return new Map(
    [...byMessage].map(([id, ofMessage]) => [
      id,
      reactionLog(ofMessage).map((change) => ({
        ...change,
        reactions: [...change.reactions],
        added: [...change.added],
        removed: [...change.removed],
        timestamp: change.timestamp.toISOString(),
      })),
    ]),
  );
}
