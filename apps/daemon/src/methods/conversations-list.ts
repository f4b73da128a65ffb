import type { ConversationRecord, Store } from "@larder/storage";
import { messageViews } from "../views/message.js";
import type { MethodHandler } from "./context.js";
import { historyPoint } from "./history-get.js";

/** What their accounts' rosters call the other parties, by the conversation's row. */
async function contactNames(
  store: Store,
  conversations: readonly Pick<ConversationRecord, "id" | "accountId" | "jid">[],
): Promise<Map<number, string>> {
  const accounts = new Set(conversations.map(({ accountId }) => accountId));
  const names = new Map<number, string>();
  for (const accountId of accounts) {
    const own = conversations.filter((each) => each.accountId === accountId);
    const known = await store.roster.names(
      accountId,
      own.map(({ jid }) => jid),
    );
    for (const { id, jid } of own) {
      const name = known.get(jid);
      if (name !== undefined) names.set(id, name);
    }
  }
  return names;
}

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
  const names = await contactNames(store, page.conversations);
  const conversations = page.conversations.flatMap((record) => {
    const last = views.get(record.lastMessageId);
    const account = accounts.nameOf(record.accountId);
    if (!last || account === "") return [];
    const type = record.type === "groupchat" ? ("groupchat" as const) : ("chat" as const);
    const name = record.name ?? names.get(record.id);
    return [{ account, conversation: record.jid, type, name, unread: record.unread, last }];
  });
  return { conversations, complete: page.complete };
};
