import type { Database } from "../database.js";
import { InvalidQueryError } from "../errors.js";
import { parseFullTextQuery } from "../search/full-text-query.js";
import { checkLength, MAX_VALUES } from "../search/limits.js";
import { type Executor, isStorable, join, type Sql, sql, unstorableText } from "../sql.js";
import { withTexts } from "./message-loading.js";
import { type MessageRecord, messageColumns, type MessageRow as Row } from "./message-record.js";

export interface HistoryQuery {
  readonly accountId?: number;
  readonly conversation?: string;
  /** A uid or an instant, not included. */
  readonly before?: string | Date;
  /** A uid or an instant, not included; the page then starts there and goes towards the present. */
  readonly after?: string | Date;
  readonly limit: number;
  readonly search?: string;
  readonly types?: readonly string[];
  /** The verified sender. */
  readonly from?: string;
  readonly direction?: "in" | "out";
}

/** How far an archive's order may be from the order of its stamps for a search by time to see it. */
const SLACK_MS = 3_600_000;

/**
 * A page of history, oldest first. Without `after` it is the newest page before `before`.
 *
 * @returns `complete`: nothing further in the direction of reading
 * @throws {InvalidQueryError} a uid nobody has, a search that cannot be read, or a list of more than 1,000 types
 */
export async function readHistory(
  db: Database,
  query: HistoryQuery,
): Promise<{ messages: MessageRecord[]; complete: boolean }> {
  checkLength(query.types, MAX_VALUES, "types");
  for (const where of ["conversation", "before", "after", "types", "from"] as const) {
    for (const value of [query[where]].flat())
      if (typeof value === "string" && !isStorable(value)) throw unstorableText(where);
  }
  return db.read(async ({ executor }) => {
    const conditions = [sql`TRUE`];
    if (query.accountId !== undefined) conditions.push(sql`m.account_id = ${query.accountId}`);
    if (query.conversation !== undefined) conditions.push(sql`m.conversation = ${query.conversation}`);
    if (query.types)
      conditions.push(sql`m.type IN (${join(query.types.length > 0 ? [...query.types] : [""])})`);
    if (query.from !== undefined) conditions.push(sql`m.sender = ${query.from}`);
    if (query.direction !== undefined) conditions.push(sql`m.direction = ${query.direction}`);
    if (query.before !== undefined) conditions.push(await boundary(executor, query.before, "before"));
    if (query.after !== undefined) conditions.push(await boundary(executor, query.after, "after"));
    let source = sql`message m`;
    if (query.search !== undefined) {
      const match = executor.dialect.fullText("message", "m", parseFullTextQuery(query.search, "search"));
      source = match.from;
      conditions.push(match.condition);
    }
    const forward = query.after !== undefined;
    const direction = forward ? sql`ASC` : sql`DESC`;
    const rows = await executor.all<Row>(sql`
      SELECT ${messageColumns} FROM ${source} WHERE ${join(conditions, " AND ")}
      ORDER BY m.position ${direction}, m.id ${direction} LIMIT ${query.limit + 1}`);
    const page = rows.slice(0, query.limit);
    if (!forward) page.reverse();
    return { messages: await withTexts(executor, page), complete: rows.length <= query.limit };
  });
}

/** What is before or after a point. An instant is compared with the stamps; the position only leads to the place in the index. */
async function boundary(executor: Executor, point: string | Date, side: "before" | "after"): Promise<Sql> {
  if (point instanceof Date) {
    const at = point.getTime();
    return side === "before"
      ? sql`m.timestamp < ${at} AND m.position < ${(at + SLACK_MS) * 1000}`
      : sql`m.timestamp > ${at} AND m.position > ${(at - SLACK_MS) * 1000}`;
  }
  const row = await executor.first<{ position: number; id: number }>(
    sql`SELECT position, id FROM message WHERE uid = ${point}`,
  );
  if (!row) throw new InvalidQueryError(side, `${side}: no message has the uid ${point}`);
  return side === "before"
    ? sql`(m.position, m.id) < (${row.position}, ${row.id})`
    : sql`(m.position, m.id) > (${row.position}, ${row.id})`;
}
