import type { ReactionChange, ReactionSender } from "@larder/core";
import { senderOf } from "./sender.js";
import { differenceOf } from "./update.js";

/** One change of a message's reactions: who, what, when. */
export interface LoggedReaction {
  readonly sender: ReactionSender;
  /** The whole set from then on. */
  readonly reactions: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly timestamp: Date;
  /** Our own that was refused, so that it never stood (XEP-0444 §3.3). */
  readonly refused?: true;
}

/** How a message's reactions came about, oldest first. */
export function reactionLog(changes: readonly ReactionChange[]): LoggedReaction[] {
  const sets = new Map<string, readonly string[]>();
  return [...changes]
    .sort((one, other) => one.position - other.position)
    .map((change) => {
      const { sender, emojis, timestamp, state } = change;
      const difference = differenceOf(sets.get(sender) ?? [], emojis);
      if (state !== "refused") sets.set(sender, emojis);
      return {
        sender: senderOf(change),
        reactions: emojis,
        ...difference,
        timestamp,
        ...(state === "refused" && { refused: true as const }),
      };
    });
}
