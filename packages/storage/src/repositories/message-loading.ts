import { type Executor, type Sql, sql } from "../sql.js";
import {
  type MessageRecord,
  messageColumns,
  messageOf,
  type MessageRow as Row,
  type MessageTextRow as Text,
} from "./message-record.js";

/** The messages that the end of a statement on `message m` names. */
export async function loadMessages(executor: Executor, tail: Sql): Promise<MessageRecord[]> {
  return withTexts(executor, await executor.all<Row>(sql`SELECT ${messageColumns} FROM message m ${tail}`));
}

/** Rows of messages with what they say, in their order. */
export async function withTexts(executor: Executor, rows: readonly Row[]): Promise<MessageRecord[]> {
  if (rows.length === 0) return [];
  // As a table: there may be more of them than values that a statement binds.
  const ids = executor.dialect.records(
    { id: "number" },
    rows.map((row) => ({ id: Number(row.id) })),
  );
  const texts = await executor.all<Text>(
    sql`SELECT message_id, kind, lang, text FROM message_text WHERE message_id IN (SELECT id FROM ${ids} AS wanted)
        ORDER BY message_id, position`,
  );
  const byMessage = new Map<number, Text[]>();
  for (const entry of texts) {
    const others = byMessage.get(entry.message_id);
    if (others) others.push(entry);
    else byMessage.set(entry.message_id, [entry]);
  }
  return rows.map((row) => messageOf(row, byMessage.get(Number(row.id)) ?? []));
}
