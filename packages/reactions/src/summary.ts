import type { ReactionRecord } from "@larder/storage";
import { normalForm } from "./emoji.js";

/** One emoji of a message with everybody who reacted with it. */
export interface ReactionSummary {
  readonly emoji: string;
  readonly count: number;
  readonly senders: readonly { readonly id: string; readonly jid?: string; readonly self: boolean }[];
  /** Whether the account itself is among them. */
  readonly mine: boolean;
}

/**
 * Groups the reactions to one message by emoji, in the order in which each was first used.
 *
 * @param records reactions to one message, in the order of their time
 * @param self the account's bare JID
 */
export function summariseReactions(records: readonly ReactionRecord[], self: string): ReactionSummary[] {
  const groups = new Map<string, { emoji: string; senders: { id: string; jid?: string; self: boolean }[] }>();
  for (const { sender, emojis } of records) {
    for (const emoji of emojis) {
      const key = normalForm(emoji);
      const group = groups.get(key) ?? { emoji, senders: [] };
      group.senders.push({
        id: sender,
        jid: sender.includes("/") ? undefined : sender,
        self: sender === self,
      });
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(({ emoji, senders }) => ({
    emoji,
    count: senders.length,
    senders,
    mine: senders.some((sender) => sender.self),
  }));
}
