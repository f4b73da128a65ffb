import { messageViews } from "../views/message.js";
import type { MethodHandler } from "./context.js";

/** Instants and uids cannot be taken for each other: a uid has no colons. */
const isTime = (value: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);

export const historyGet: MethodHandler<"history_get"> = async (input, { accounts, store }) => {
  const point = (value: string | undefined) =>
    value !== undefined && isTime(value) ? new Date(value) : value;
  const { messages, complete } = await store.messages.history({
    accountId: accounts.resolve(input.account).id,
    conversation: input.conversation,
    before: point(input.before),
    after: point(input.after),
    limit: input.limit ?? 50,
    search: input.search,
    types: input.types,
    from: input.from,
  });
  return { messages: await messageViews(store, messages, accounts.nameOf), complete };
};
