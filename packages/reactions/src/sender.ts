import type { ReactionChange, ReactionSender } from "@larder/core";

/** What says who a sender is. */
export type SenderFacts = Pick<
  ReactionChange,
  "sender" | "own" | "realJid" | "nick" | "conversation" | "groupchat"
>;

/** Whether people are known by their addresses there: neither in a room nor privately through one. */
const isDirect = ({ conversation, groupchat }: Pick<SenderFacts, "conversation" | "groupchat">): boolean =>
  !groupchat && !conversation.includes("/");

/** A sender as front-ends are told. */
export function senderOf(facts: SenderFacts): ReactionSender {
  const { sender, own, realJid, nick } = facts;
  const jid = realJid ?? (isDirect(facts) ? sender : undefined);
  return {
    id: sender,
    ...(jid !== undefined && { jid }),
    ...(nick !== undefined && { nick }),
    self: own,
  };
}
