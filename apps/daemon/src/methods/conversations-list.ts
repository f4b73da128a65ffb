import { messageViews } from "../views/message.js";
import type { MethodHandler } from "./context.js";
import { historyPoint } from "./history-get.js";

export const conversationsList: MethodHandler<"conversations_list"> = async (input, { accounts, store }) => {
  const page = await store.conversations.list({
    accountId: input.account === undefined ? undefined : accounts.resolve(input.account).id,
    before: historyPoint(input.before),
    limit: input.limit ?? 50,
  });
  const messages = await store.messages.byIds(page.conversations.map(({ lastMessageId }) => lastMessageId));
  const views = new Map(
    (await messageViews(store, messages, accounts.nameOf)).map((view, at) => [messages[at]?.id, view]),
  );
  const conversations = page.conversations.flatMap((record) => {
    const last = views.get(record.lastMessageId);
    const account = accounts.nameOf(record.accountId);
    if (!last || account === "") return [];
    const type = record.type === "groupchat" ? ("groupchat" as const) : ("chat" as const);
    return [{ account, conversation: record.jid, type, name: record.name, unread: record.unread, last }];
  });
  return { conversations, complete: page.complete };
};
