import { type BridgeResult, ELEMENT_MARK } from "@larder/core";
import type { MessageRecord, Store } from "@larder/storage";
import { JsonText } from "../bridge/json-text.js";
import { carriedBy } from "./carried.js";
import { groupBy } from "./group-by.js";
import { type ReactionViews, reactionsOf } from "./reactions.js";

/** A message as the bridge shows it. */
export type MessageView = BridgeResult<"message_get">["message"];

const iso = (date: Date | undefined) => date?.toISOString();

/** A message without what its page has to add. */
type PlainView = Omit<MessageView, "reactions" | "reactionLog">;

function viewOf(record: MessageRecord, account: string, replyUid: string | undefined): PlainView {
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
    ...carriedBy(record),
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
  const reactions = await reactionsOf(store, reacted(records));
  const plain = await plainViews(store, records, accountOf);
  return plain.map((view, at) => ({ ...view, reactions: reactions.get(records[at]?.id ?? -1) ?? [] }));
}

/**
 * A page of messages, written out; see {@link JsonText}.
 *
 * @param logs how the reactions came about, by the messages' rows; absent where nobody asked
 */
export async function messagesPageText(
  { store, reactionViews }: { readonly store: Store; readonly reactionViews: ReactionViews },
  { messages, complete }: { readonly messages: readonly MessageRecord[]; readonly complete: boolean },
  accountOf: (id: number) => string,
  logs?: ReadonlyMap<number, MessageView["reactionLog"]>,
): Promise<JsonText> {
  const texts = await reactionViews.texts(reacted(messages));
  const parts = [`{"messages":[${ELEMENT_MARK}`];
  for (const [at, view] of (await plainViews(store, messages, accountOf)).entries()) {
    const id = messages[at]?.id ?? -1;
    const whole = logs ? { ...view, reactionLog: logs.get(id) ?? [] } : view;
    parts.push(
      `${at > 0 ? `,${ELEMENT_MARK}` : ""}${JSON.stringify(whole).slice(0, -1)},"reactions":`,
      texts.get(id) ?? "[]",
      "}",
    );
  }
  parts.push(`${ELEMENT_MARK}],"complete":${complete}}`);
  return new JsonText(parts);
}

/** The rows of messages that show reactions: a retraction took them. */
const reacted = (records: readonly MessageRecord[]): number[] =>
  records.flatMap(({ id, retracted }) => (retracted === undefined ? id : []));

async function plainViews(
  store: Store,
  records: readonly MessageRecord[],
  accountOf: (id: number) => string,
): Promise<PlainView[]> {
  const conversations = groupBy(records, ({ accountId, conversation }) =>
    JSON.stringify([accountId, conversation]),
  );
  const replied = await repliedUids(store, [...conversations.values()]);
  return records.map((record) => viewOf(record, accountOf(record.accountId), replied.get(record.id)));
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
