import { type Executor, type Sql, sql } from "../sql.js";
import { headColumns, headOf, type MessageHead, type MessageRow as Row } from "./message-record.js";

/** Names a message within a conversation by an id of the wire. */
export interface WireName {
  readonly conversation: string;
  readonly id: string;
}

/** Restricts a search by names to messages of one direction, and of one verified sender. */
export interface NamedBy {
  readonly direction?: "in" | "out";
  readonly sender?: string;
}

/** A message, and the name that it was found by. */
export type NamedHead = MessageHead & { readonly asked: string };

/** Messages that are read of one name at most: anybody may use an id as often as they like. */
const MAX_OF_A_NAME = 100;

/** Copies that are compared of one name at most, the latest first. */
const MAX_COPIES_OF_A_NAME = 20;

/** Messages of the same words that are read at most. */
const MAX_OF_THE_SAME_WORDS = 20;

/**
 * Every message that one of these ids of the wire may mean (origin-id or id attribute, also of a correction of it), earliest
 * first; at most {@link MAX_OF_A_NAME} of each name.
 */
export async function messagesNamed(
  executor: Executor,
  accountId: number,
  names: readonly WireName[],
  { direction, sender }: NamedBy,
): Promise<NamedHead[]> {
  if (names.length === 0) return [];
  const { dialect } = executor;
  const by = (
    alias: Sql,
  ) => sql`${direction === undefined ? sql`` : sql`AND ${alias}.direction = ${direction}`}
    ${sender === undefined ? sql`` : sql`AND ${alias}.sender = ${sender}`}`;
  const named = (ids: Sql, then = sql``) =>
    sql`SELECT g.id AS asked, ${headColumns} FROM wanted AS g ${dialect.joinByIds(sql`message`, sql`m`, ids)} ${then}`;
  const there = sql`c.account_id = ${accountId} AND c.conversation = g.conversation`;
  const limit = sql`ORDER BY c.id LIMIT ${MAX_OF_A_NAME}`;
  const rows =
    await executor.all<Row>(sql`WITH wanted AS MATERIALIZED (SELECT conversation, id FROM ${dialect.records({ conversation: "text", id: "text" }, [...names])} AS listed)
    ${named(sql`SELECT c.id FROM message c WHERE ${there} AND c.origin_id = g.id AND c.origin_id IS NOT NULL ${by(sql`c`)} ${limit}`)}
    UNION ALL ${named(sql`SELECT c.id FROM message c WHERE ${there} AND c.wire_id = g.id ${by(sql`c`)} ${limit}`)}
    UNION ALL ${named(
      sql`SELECT c.message_id AS id FROM message_alias c WHERE ${there} AND c.value = g.id AND c.kind <> 'stanza' ${limit}`,
      sql`WHERE TRUE ${by(sql`m`)}`,
    )}`);
  return distinct(rows.map((row) => ({ ...headOf(row), asked: String(row.asked) })));
}

/** Names of the wire often are origin-id and id at once. */
function distinct(heads: readonly NamedHead[]): NamedHead[] {
  const byName = new Map(heads.map((head) => [JSON.stringify([head.asked, head.id]), head]));
  return [...byName.values()].sort((one, other) => one.id - other.id);
}

/** A message of which a copy may be here. */
export interface CopySought {
  readonly conversation: string;
  readonly direction: "in" | "out";
  readonly sender: string;
  readonly wireId?: string;
  readonly originId?: string;
}

/** A possible copy, or stand-in for the first version, of the message at the index `place` of those asked for. */
export interface CopyCandidate {
  readonly place: number;
  readonly head: MessageHead;
}

const soughtColumns = {
  place: "number",
  conversation: "text",
  direction: "text",
  sender: "text",
  id: "text",
} as const;

/**
 * Messages of the same direction and sender that have one of the ids of what is sought, and corrections that stand in for it;
 * the latest first, at most {@link MAX_COPIES_OF_A_NAME} of each id. The sender of our own is not compared: in a room we may
 * have had another nick.
 */
export async function copyCandidates(
  executor: Executor,
  accountId: number,
  sought: readonly CopySought[],
): Promise<CopyCandidate[]> {
  const wanted = sought.flatMap(({ conversation, direction, sender, wireId, originId }, place) =>
    [...new Set([originId, wireId])].flatMap((id) =>
      id === undefined ? [] : [{ place, conversation, direction, sender, id }],
    ),
  );
  if (wanted.length === 0) return [];
  const { dialect } = executor;
  const limit = sql`LIMIT ${MAX_COPIES_OF_A_NAME}`;
  const found = (direction: "in" | "out", ids: Sql) =>
    sql`SELECT g.place, ${headColumns} FROM wanted AS g ${dialect.joinByIds(sql`message`, sql`m`, ids)}
        WHERE g.direction = ${direction}`;
  const there = sql`c.account_id = ${accountId} AND c.conversation = g.conversation`;
  const branches = (["in", "out"] as const).flatMap((direction) => {
    if (!wanted.some((each) => each.direction === direction)) return [];
    const sender = direction === "in" ? sql`AND c.sender = g.sender` : sql``;
    const by = sql`AND c.direction = ${direction} ${sender} ORDER BY c.id DESC ${limit}`;
    return [
      found(
        direction,
        sql`SELECT c.id FROM message c WHERE ${there} AND c.origin_id = g.id AND c.origin_id IS NOT NULL ${by}`,
      ),
      found(direction, sql`SELECT c.id FROM message c WHERE ${there} AND c.wire_id = g.id ${by}`),
    ];
  });
  const standIns = sql`SELECT g.place, ${headColumns} FROM wanted AS g ${dialect.joinByIds(
    sql`message`,
    sql`m`,
    sql`SELECT c.message_id AS id FROM message_alias c WHERE ${there} AND c.value = g.id AND c.kind = 'wire' ORDER BY c.id ${limit}`,
  )} WHERE ${dialect.aside(sql`m.stands_for`)} = g.id`;
  const parts = [...branches, standIns].reduce((all, part) => sql`${all} UNION ALL ${part}`);
  const rows =
    await executor.all<Row>(sql`WITH wanted AS MATERIALIZED (SELECT place, conversation, direction, sender, id
      FROM ${dialect.records(soughtColumns, wanted)} AS listed) ${parts}`);
  return rows.map((row) => ({ place: Number(row.place), head: headOf(row) }));
}

/** A search for messages with the same words in one conversation. */
export interface SameWords {
  readonly accountId: number;
  readonly conversation: string;
  readonly direction: "in" | "out";
  readonly digest: string;
  /** The time that it must be near to. */
  readonly near: Date;
  readonly withinMs: number;
}

/** Messages whose first version has this digest, with a place near a time; the earliest first. */
export async function messagesOfWords(
  executor: Executor,
  { accountId, conversation, direction, digest, near, withinMs }: SameWords,
): Promise<MessageHead[]> {
  const at = near.getTime();
  const rows = await executor.all<Row>(sql`
    SELECT ${headColumns} FROM message m WHERE m.account_id = ${accountId} AND m.conversation = ${conversation}
      AND m.position BETWEEN ${(at - withinMs) * 1000} AND ${(at + withinMs) * 1000}
      AND m.direction = ${direction} AND m.digest = ${digest}
    ORDER BY m.position LIMIT ${MAX_OF_THE_SAME_WORDS}`);
  return rows.map(headOf);
}
