import { messagesPageText } from "../views/message.js";
import { reactionLogView } from "../views/reaction-log.js";
import type { MethodHandler } from "./context.js";

/** Instants and uids cannot be taken for each other: a uid has no colons. */
const isTime = (value: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);

/** A uid or an instant, as callers give them. */
export const historyPoint = (value: string | undefined): string | Date | undefined =>
  value !== undefined && isTime(value) ? new Date(value) : value;

export const historyGet: MethodHandler<"history_get"> = async (input, context) => {
  const { accounts, store } = context;
  const account = accounts.resolve(input.account);
  // Our own messages in rooms are by a nick: who asks for the account means them too.
  const ours = input.from === account.jid;
  const page = await store.messages.history({
    accountId: account.id,
    conversation: account.messaging.conversationOf(input.conversation),
    before: historyPoint(input.before),
    after: historyPoint(input.after),
    limit: input.limit ?? 50,
    search: input.search,
    types: input.types,
    from: ours ? undefined : account.messaging.conversationOf(input.from),
    direction: ours ? "out" : undefined,
  });
  const logs =
    input.withReactionLog === true
      ? await reactionLogView(
          store,
          account.id,
          page.messages.map(({ id }) => id),
        )
      : undefined;
  return messagesPageText(context, page, accounts.nameOf, logs);
};
