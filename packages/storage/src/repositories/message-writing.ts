import { randomUUID } from "node:crypto";
import { checkKeys } from "../keys.js";
import { indexedText } from "../search/words.js";
import { type Executor, join, raw, sql } from "../sql.js";
import { type LocalisedText, type MessageRecord, type NewMessage, positionOf } from "./message-record.js";

interface Texts {
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
}

/** What the index finds of a message. A fallback text of encrypted content says nothing. */
export function searchableText(message: Texts & { encrypted?: string }): string {
  if (message.encrypted !== undefined) return "";
  const texts = [...message.subjects, ...message.bodies].map((entry) => entry.text);
  return indexedText(texts.join("\n"));
}

const textColumns = { id: "number", kind: "text", lang: "text", text: "text", place: "number" } as const;

const textRows = (id: number, { bodies, subjects }: Texts) => {
  const rows = [
    ...bodies.map((entry) => ({ kind: "body", ...entry })),
    ...subjects.map((entry) => ({ kind: "subject", ...entry })),
  ];
  for (const { lang } of rows) checkKeys({ lang });
  return rows.map((row, place) => ({ id, ...row, place }));
};

/** Keeps the texts of messages that are there, by the ids of their rows. */
export async function keepTexts(
  executor: Executor,
  messages: readonly (Texts & { readonly id: number })[],
): Promise<void> {
  const rows = messages.flatMap((message) => textRows(message.id, message));
  if (rows.length === 0) return;
  const { dialect } = executor;
  await executor.run(
    sql`INSERT INTO message_text (message_id, kind, lang, text, position)
        SELECT g.id, g.kind, g.lang, g.text, CAST(g.place AS INTEGER) FROM ${dialect.records(textColumns, rows)} AS g
        WHERE TRUE ORDER BY g.key
        ON CONFLICT DO NOTHING`, // a language stated twice: the first stands (RFC 6121 §5.2.3)
  );
}

const columns = {
  uid: "text",
  account_id: "number",
  conversation: "text",
  direction: "text",
  type: "text",
  from_jid: "text",
  to_jid: "text",
  sender: "text",
  wire_id: "text",
  origin_id: "text",
  stanza_id: "text",
  stanza_id_by: "text",
  thread: "text",
  reply_to_id: "text",
  timestamp: "number",
  position: "number",
  stands_for: "text",
  received_at: "number",
  state: "text",
  nick: "text",
  occupant_id: "text",
  real_jid: "text",
  retracted: "number",
  delayed: "number",
  encrypted: "text",
  digest: "text",
  raw: "text",
  extra: "text",
  search_text: "text",
} as const;

const rowOf = (message: NewMessage & { uid: string }) => ({
  uid: message.uid,
  account_id: message.accountId,
  conversation: message.conversation,
  direction: message.direction,
  type: message.type,
  from_jid: message.from,
  to_jid: message.to,
  sender: message.sender,
  wire_id: message.wireId,
  origin_id: message.originId,
  stanza_id: message.stanzaId,
  stanza_id_by: message.stanzaIdBy,
  thread: message.thread,
  reply_to_id: message.replyToId,
  timestamp: message.timestamp.getTime(),
  position: message.position ?? positionOf(message.timestamp),
  stands_for: message.standsFor,
  received_at: message.receivedAt.getTime(),
  state: message.state,
  nick: message.nick,
  occupant_id: message.occupantId,
  real_jid: message.realJid,
  retracted: message.retracted?.getTime(),
  delayed: Number(message.delayed),
  encrypted: message.encrypted,
  digest: message.digest,
  raw: message.raw,
  extra: JSON.stringify(message.extra),
  search_text: searchableText(message),
});

/** An id of an archive belongs to one row: of several that claim it, the first has it. */
function withOwnIds<Message extends Pick<NewMessage, "accountId" | "stanzaId" | "stanzaIdBy">>(
  messages: readonly Message[],
): Message[] {
  const claimed = new Set<string>();
  return messages.map((message) => {
    const { accountId, stanzaId, stanzaIdBy } = message;
    if (stanzaId === undefined) return message;
    const key = JSON.stringify([accountId, stanzaIdBy, stanzaId]);
    if (claimed.has(key)) return { ...message, stanzaId: undefined, stanzaIdBy: undefined };
    claimed.add(key);
    return message;
  });
}

/** Archive id to store: undefined if another row has it already. */
const unclaimed = sql`CASE WHEN EXISTS (SELECT 1 FROM message other WHERE other.account_id = g.account_id
  AND other.stanza_id_by = g.stanza_id_by AND other.stanza_id = g.stanza_id AND other.stanza_id IS NOT NULL)
  THEN NULL ELSE g.stanza_id END`;

/**
 * Keeps new messages, all in one statement each for rows and texts: row by row costs eight times as much. One whose archive id
 * another row has stands without it.
 *
 * @throws {KeyTooLongError} an id or an address of one
 */
export async function insertMessages(
  executor: Executor,
  messages: readonly NewMessage[],
): Promise<MessageRecord[]> {
  if (messages.length === 0) return [];
  const named = withOwnIds(messages).map((message) => ({ ...message, uid: message.uid ?? randomUUID() }));
  for (const {
    conversation,
    sender,
    wireId,
    originId,
    stanzaId,
    stanzaIdBy,
    thread,
    standsFor,
    uid,
  } of named) {
    checkKeys({ conversation, sender, wireId, originId, stanzaId, stanzaIdBy, thread, standsFor, uid });
  }
  const records = named.map(rowOf);
  // What no message has need not be bound a thousand times: half of the columns, mostly.
  const names = (Object.keys(columns) as (keyof typeof columns)[]).filter((name) =>
    records.some((record) => record[name] !== undefined),
  );
  const used = Object.fromEntries(names.map((name) => [name, columns[name]]));
  const values = names.map((name) =>
    name === "delayed" ? sql`g.delayed <> 0` : name === "stanza_id" ? unclaimed : raw(`g.${name}`),
  );
  const rows = await executor.all<{ id: number; uid: string; stanza_id: string | null }>(sql`
    INSERT INTO message (${raw(names.join(", "))}) SELECT ${join(values)}
    FROM ${executor.dialect.records(used, records)} AS g WHERE TRUE ORDER BY g.key
    RETURNING id, uid, stanza_id`);
  const inserted = new Map(rows.map((row) => [row.uid, row]));
  const kept = named.map((message) => {
    const row = inserted.get(message.uid);
    return {
      ...message,
      stanzaId: row?.stanza_id ?? undefined,
      position: message.position ?? positionOf(message.timestamp),
      id: Number(row?.id ?? 0),
    };
  });
  await keepTexts(executor, kept);
  return kept;
}
