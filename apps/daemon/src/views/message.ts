import type { BridgeResult } from "@larder/core";
import { summariseReactions } from "@larder/reactions";
import type { MessageRecord, StandingReactions, Store } from "@larder/storage";
import { groupBy } from "./group-by.js";

/** A message as the bridge shows it. */
export type MessageView = BridgeResult<"message_get">["message"];

const iso = (date: Date | undefined) => date?.toISOString();

function viewOf(
  record: MessageRecord,
  account: string,
  reactions: readonly StandingReactions[],
  replyUid: string | undefined,
): MessageView {
  return {
    uid: record.uid,
    account,
    from: record.from,
    to: record.to,
    conversation: record.conversation,
    direction: record.direction,
    type: record.type as MessageView["type"],
    bodies: [...record.bodies],
    subjects: [...record.subjects],
    thread: record.thread,
    replyTo: record.replyToId === undefined ? undefined : { uid: replyUid, id: record.replyToId },
    originId: record.originId,
    stanzaId: record.stanzaId,
    timestamp: record.timestamp.toISOString(),
    receivedAt: record.receivedAt.toISOString(),
    state: record.state as MessageView["state"],
    error: record.error as MessageView["error"],
    nick: record.nick,
    occupantId: record.occupantId,
    realJid: record.realJid,
    edited: iso(record.edited),
    retracted: iso(record.retracted),
    delayed: record.delayed || undefined,
    encrypted: record.encrypted === undefined ? undefined : { namespace: record.encrypted },
    reactions: summariseReactions(reactions).map((summary) => ({
      ...summary,
      senders: [...summary.senders],
    })),
    extra: { ...record.extra },
  };
}

/**
 * Messages as the bridge shows them, with their reactions as they now stand.
 *
 * @param accountOf the bare JID of an account's row
 */
export async function messageViews(
  store: Store,
  records: readonly MessageRecord[],
  accountOf: (id: number) => string,
): Promise<MessageView[]> {
  const conversations = groupBy(records, ({ accountId, conversation }) =>
    JSON.stringify([accountId, conversation]),
  );
  const shown = records.filter(({ retracted }) => retracted === undefined);
  const reactions = groupBy(
    await store.reactions.standing(shown.map(({ id }) => id)),
    ({ messageId }) => messageId,
  );
  const replied = await repliedUids(store, [...conversations.values()]);
  return records.map((record) =>
    viewOf(record, accountOf(record.accountId), reactions.get(record.id) ?? [], replied.get(record.id)),
  );
}

/** The uids of the messages that these answer, by the row of the answer: in rooms by the room's id (XEP-0461 §3.1). */
async function repliedUids(
  store: Store,
  conversations: readonly (readonly MessageRecord[])[],
): Promise<Map<number, string>> {
  const uids = new Map<number, string>();
  for (const group of conversations) {
    const answers = group.flatMap(({ id, replyToId, type }) =>
      replyToId === undefined ? [] : [{ id, replyToId, type }],
    );
    const [first] = group;
    if (!first || answers.length === 0) continue;
    const { accountId, conversation } = first;
    const ids = [...new Set(answers.map(({ replyToId }) => replyToId))];
    const inRoom = await store.messages.byStanzaIds(accountId, conversation, ids);
    const named = await store.messages.byWireNames(
      accountId,
      ids.map((id) => ({ conversation, id })),
    );
    const direct = new Map(named.toReversed().map((record) => [record.asked, record]));
    for (const { id, replyToId, type } of answers) {
      const found = type === "groupchat" ? inRoom.get(replyToId) : direct.get(replyToId);
      if (found?.conversation === conversation) uids.set(id, found.uid);
    }
  }
  return uids;
}
