import { randomUUID } from "node:crypto";
import { RowNotFoundError } from "./errors.js";
import { type Executor, join, sql } from "./sql.js";

/** One event as it is kept: what happened to what, by ids. */
export interface LoggedEvent {
  readonly cursor: string;
  readonly signal: string;
  readonly accountId?: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

export interface EventFilter {
  /** Signal names; all when absent. */
  readonly signals?: readonly string[];
  readonly accountIds?: readonly number[];
}

interface EventRow {
  seq: number;
  signal: string;
  account_id: number | null;
  data: string;
  created_at: number;
}

const EPOCH = "event_log.epoch";
const PRUNED_TO = "event_log.pruned_to";

async function setting(executor: Executor, key: string): Promise<string | undefined> {
  return (await executor.first<{ value: string }>(sql`SELECT value FROM setting WHERE key = ${key}`))?.value;
}

const put = (executor: Executor, key: string, value: string) =>
  executor.run(
    sql`INSERT INTO setting (key, value) VALUES (${key}, ${value}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  );

/** The log's epoch: cursors of another one (a restored or imported database) are told apart by it. */
async function epochOf(executor: Executor): Promise<string> {
  const epoch = await setting(executor, EPOCH);
  if (epoch === undefined) throw new RowNotFoundError("the event log has no epoch");
  return epoch;
}

/** Gives a new database its epoch; a database that has one keeps it. */
export async function ensureEpoch(executor: Executor): Promise<void> {
  if ((await setting(executor, EPOCH)) === undefined) await put(executor, EPOCH, randomUUID().slice(0, 8));
}

/** Appends one event to the running transaction. Rows get their numbers in the order of commits: there is one writer. */
export async function appendEvent(
  executor: Executor,
  signal: string,
  accountId: number | undefined,
  data: Record<string, unknown>,
): Promise<void> {
  await executor.run(
    sql`INSERT INTO event_log (signal, account_id, data, created_at)
        VALUES (${signal}, ${accountId ?? null}, ${JSON.stringify(data)}, ${Date.now()})`,
  );
}

async function newestSeq(executor: Executor): Promise<number> {
  // The sequence outlives a full prune, which the rows do not.
  const row = await executor.first<{ seq: number }>(
    sql`SELECT seq FROM sqlite_sequence WHERE name = 'event_log'`,
  );
  return row?.seq ?? 0;
}

/** The cursor after which only what is still to come stands. */
export async function newestCursor(executor: Executor): Promise<string> {
  return `${await epochOf(executor)}-${await newestSeq(executor)}`;
}

/**
 * @throws {RowNotFoundError} the cursor is of another log, from the future, or what followed it is gone
 */
async function resolveCursor(executor: Executor, cursor: string): Promise<number> {
  const [, epoch, digits] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(cursor) ?? [];
  const seq = Number(digits);
  if (epoch !== (await epochOf(executor))) throw new RowNotFoundError("the cursor is of another event log");
  if (seq > (await newestSeq(executor)))
    throw new RowNotFoundError("the cursor lies in the future of this event log");
  if (seq < Number((await setting(executor, PRUNED_TO)) ?? 0)) {
    throw new RowNotFoundError("the cursor is too old: events after it were pruned");
  }
  return seq;
}

/**
 * Events after a cursor, oldest first.
 *
 * @returns `cursor`: where to go on, also past events that the filter left out
 * @throws {RowNotFoundError} nothing can be promised to follow that cursor without a gap
 */
export async function readEvents(
  executor: Executor,
  options: EventFilter & { since: string; limit: number },
): Promise<{ events: LoggedEvent[]; cursor: string; more: boolean }> {
  const after = await resolveCursor(executor, options.since);
  const epoch = await epochOf(executor);
  const { signals, accountIds, limit } = options;
  const rows = await executor.all<EventRow>(
    sql`SELECT seq, signal, account_id, data, created_at FROM event_log WHERE seq > ${after}
        ${signals ? sql`AND signal IN (${join(signals.length > 0 ? [...signals] : [""])})` : sql``}
        ${accountIds ? sql`AND account_id IN (${join(accountIds.length > 0 ? [...accountIds] : [-1])})` : sql``}
        ORDER BY seq LIMIT ${limit + 1}`,
  );
  const more = rows.length > limit;
  const events = rows.slice(0, limit).map((row) => ({
    cursor: `${epoch}-${row.seq}`,
    signal: row.signal,
    accountId: row.account_id ?? undefined,
    data: JSON.parse(row.data) as Record<string, unknown>,
    createdAt: new Date(Number(row.created_at)),
  }));
  const last = events.at(-1)?.cursor;
  return {
    events,
    more,
    cursor: more && last !== undefined ? last : `${epoch}-${await newestSeq(executor)}`,
  };
}

/** Where reading from the oldest event still kept starts. */
export async function oldestCursor(executor: Executor): Promise<string> {
  return `${await epochOf(executor)}-${Number((await setting(executor, PRUNED_TO)) ?? 0)}`;
}

/** Removes events older than `before`; cursors that pointed before the last of them are too old from then on. */
export async function pruneEvents(executor: Executor, before: Date): Promise<number> {
  const row = await executor.first<{ seq: number | null }>(
    sql`SELECT max(seq) AS seq FROM event_log WHERE created_at < ${before.getTime()}`,
  );
  if (row?.seq == null) return 0;
  const counted = await executor.first<{ n: number }>(
    sql`SELECT count(*) AS n FROM event_log WHERE seq <= ${row.seq}`,
  );
  await executor.run(sql`DELETE FROM event_log WHERE seq <= ${row.seq}`);
  await put(executor, PRUNED_TO, String(row.seq));
  return counted?.n ?? 0;
}

/** How many events are kept. */
export async function countEvents(executor: Executor): Promise<number> {
  return (await executor.first<{ n: number }>(sql`SELECT count(*) AS n FROM event_log`))?.n ?? 0;
}
