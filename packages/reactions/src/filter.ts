import type { ReactionChange, ReactionFilter } from "@larder/core";

/** Whether a change is one of those that a filter asks for: for stores that look at each. */
export function fitsFilter(change: ReactionChange, accountId: number, filter: ReactionFilter): boolean {
  if (change.accountId !== accountId) return false;
  const { messageId, conversation } = change;
  if ("holders" in filter)
    return filter.holders.some(
      (holder) =>
        holder.sender === change.sender &&
        (holder.messageId === undefined
          ? messageId === undefined && holder.conversation === conversation && holder.target === change.target
          : holder.messageId === messageId),
    );
  if ("messages" in filter)
    return (
      messageId !== undefined && filter.messages.includes(messageId) && (!filter.standing || change.stands)
    );
  if ("sentAs" in filter)
    return change.own && change.wireId === filter.sentAs && filter.to.includes(conversation);
  return change.state === "pending";
}
