import type { OwnReactionState, ReactionChange, ReactionTarget } from "@larder/core";

export type ReactionRow = Record<string, string | number | null>;

const text = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);
const number = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);
const date = (value: unknown): Date | undefined =>
  value === null || value === undefined ? undefined : new Date(Number(value));

export function changeOf(row: ReactionRow): ReactionChange {
  return {
    id: Number(row.id),
    accountId: Number(row.account_id),
    conversation: String(row.conversation),
    target: String(row.target),
    groupchat: Boolean(row.groupchat),
    messageId: number(row.message_id),
    sender: String(row.sender),
    own: Boolean(row.own),
    realJid: text(row.real_jid),
    nick: text(row.nick),
    emojis: JSON.parse(String(row.emojis)) as string[],
    since: JSON.parse(String(row.since)) as number[],
    timestamp: new Date(Number(row.timestamp)),
    position: Number(row.position),
    placed: Boolean(row.placed),
    stands: Boolean(row.stands),
    stanzaId: text(row.stanza_id),
    wireId: text(row.wire_id),
    presentSince: date(row.present_since),
    state: text(row.state) as OwnReactionState | undefined,
  };
}

export const targetOf = (row: ReactionRow): ReactionTarget => ({
  id: Number(row.id),
  uid: String(row.uid),
  accountId: Number(row.account_id),
  conversation: String(row.conversation),
  type: String(row.type),
  timestamp: new Date(Number(row.timestamp)),
  retracted: date(row.retracted),
});

/** A change as the columns of its row. */
export const rowOf = (change: ReactionChange) => ({
  account_id: change.accountId,
  conversation: change.conversation,
  target: change.target,
  groupchat: Number(change.groupchat),
  message_id: change.messageId ?? null,
  sender: change.sender,
  own: Number(change.own),
  real_jid: change.realJid ?? null,
  nick: change.nick ?? null,
  emojis: JSON.stringify(change.emojis),
  since: JSON.stringify(change.since),
  timestamp: change.timestamp.getTime(),
  position: change.position,
  placed: Number(change.placed),
  stands: Number(change.stands),
  stanza_id: change.stanzaId ?? null,
  wire_id: change.wireId ?? null,
  present_since: change.presentSince?.getTime() ?? null,
  state: change.state ?? null,
  waiting_since: change.messageId === undefined ? Date.now() : null,
});
