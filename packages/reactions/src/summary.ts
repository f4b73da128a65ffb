import type { ReactionChange, ReactionSender } from "@larder/core";
import { normalForm } from "./emoji.js";
import { type SenderFacts, senderOf } from "./sender.js";

/** One emoji of a message with everybody who reacted with it. */
export interface ReactionSummary {
  readonly emoji: string;
  readonly count: number;
  readonly senders: readonly ReactionSender[];
  /** Whether the account itself is among them. */
  readonly mine: boolean;
}

/** What stands of one sender. */
export type Standing = SenderFacts & Pick<ReactionChange, "emojis" | "since" | "position">;

/**
 * Groups the reactions to one message by emoji whatever its spelling, in the order in which each came to be held; so it does
 * not change when somebody adds another. Senders stand in the same order.
 *
 * @param standing what stands of each sender
 */
export function summariseReactions(standing: readonly Standing[]): ReactionSummary[] {
  const groups = new Map<
    string,
    { emoji: string; holders: { since: number; place: number; sender: ReactionSender }[] }
  >();
  for (const one of standing) {
    const sender = senderOf(one);
    for (const [at, emoji] of one.emojis.entries()) {
      const form = normalForm(emoji);
      const group = groups.get(form) ?? { emoji, holders: [] };
      group.holders.push({ since: one.since[at] ?? one.position, place: at, sender });
      groups.set(form, group);
    }
  }
  const ordered = [...groups.values()].map(({ emoji, holders }) => ({
    emoji,
    holders: holders.sort(
      (one, other) => one.since - other.since || (one.sender.id < other.sender.id ? -1 : 1),
    ),
  }));
  const first = ({ holders }: (typeof ordered)[number]) => holders[0] ?? { since: 0, place: 0 };
  return ordered
    .sort(
      (one, other) =>
        first(one).since - first(other).since ||
        first(one).place - first(other).place ||
        (one.emoji < other.emoji ? -1 : 1),
    )
    .map(({ emoji, holders }) => ({
      emoji,
      count: holders.length,
      senders: holders.map(({ sender }) => sender),
      mine: holders.some(({ sender }) => sender.self),
    }));
}
