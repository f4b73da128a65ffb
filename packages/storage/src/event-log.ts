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
/** Number of the last event that was removed for its age or for room: cursors before it are too old. */
const PRUNED_TO = "event_log.pruned_to";
/** The highest number when rows were removed, which may have been theirs. */
const REMOVED_TO = "event_log.removed_to";

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

const newEpoch = () => randomUUID().slice(0, 8);

/** Gives a new database its epoch; a database that has one keeps it. */
export async function ensureEpoch(executor: Executor): Promise<void> {
  if ((await setting(executor, EPOCH)) === undefined) await put(executor, EPOCH, newEpoch());
}

/** An event about to be kept. */
export interface NewEvent {
  readonly signal: string;
  readonly accountId: number | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Appends events to the running transaction. The caller has seen to it that numbers are given in the order of commits. */
export async function appendEvents(executor: Executor, events: readonly NewEvent[]): Promise<void> {
  const rows = events.map(({ signal, accountId, data }) => ({
    signal,
    account: accountId ?? null,
    data: JSON.stringify(data),
  }));
  const given = executor.dialect.records({ signal: "text", account: "number", data: "text" }, rows);
  await executor.run(
    sql`INSERT INTO event_log (signal, account_id, data, created_at)
        SELECT e.signal, e.account, e.data, CAST(${Date.now()} AS BIGINT) FROM ${given} AS e ORDER BY e.key`,
  );
}

/** Rows may go that had the highest number: what was given once is not given out as the newest's predecessor again. */
async function newestSeq(executor: Executor): Promise<number> {
  const row = await executor.first<{ seq: number | null }>(sql`SELECT max(seq) AS seq FROM event_log`);
  const removed = (await setting(executor, REMOVED_TO)) ?? (await setting(executor, PRUNED_TO)) ?? 0; // first versions noted the latter alone
  return Math.max(row?.seq ?? 0, Number(removed));
}

/** Removes the events of an account; cursors stay what they were. */
export async function removeEventsOf(executor: Executor, accountId: number): Promise<void> {
  await put(executor, REMOVED_TO, String(await newestSeq(executor)));
  await executor.run(sql`DELETE FROM event_log WHERE account_id = ${accountId}`);
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

/** How much of the log is kept. */
export interface EventRetention {
  /** Events before it go, up to the first that is not. */
  readonly before?: Date;
  /** At most this many of the newest stay. */
  readonly keep?: number;
}

/**
 * Removes the oldest events; cursors that pointed before the last of them are too old from then on.
 *
 * @returns how many went
 */
export async function pruneEvents(executor: Executor, { before, keep }: EventRetention): Promise<number> {
  // Up to the first that is young enough: a clock that was wrong for a while must not take the others along.
  const { aside } = executor.dialect;
  const aged =
    before &&
    (await executor.first<{ seq: number | null }>(
      sql`SELECT max(seq) AS seq FROM event_log WHERE seq < COALESCE((SELECT seq FROM event_log
          WHERE ${aside(sql`created_at`)} >= ${before.getTime()} ORDER BY seq LIMIT 1), ${Number.MAX_SAFE_INTEGER})`,
    ));
  const surplus =
    keep === undefined
      ? undefined
      : await executor.first<{ seq: number }>(
          sql`SELECT seq FROM event_log ORDER BY seq DESC LIMIT 1 OFFSET ${keep}`,
        );
  const last = Math.max(aged?.seq ?? 0, surplus?.seq ?? 0);
  if (last === 0) return 0;
  await put(executor, REMOVED_TO, String(await newestSeq(executor)));
  await put(executor, PRUNED_TO, String(last));
  const counted = await executor.first<{ n: number }>(
    sql`SELECT count(*) AS n FROM event_log WHERE seq <= ${last}`,
  );
  await executor.run(sql`DELETE FROM event_log WHERE seq <= ${last}`);
  return counted?.n ?? 0;
}

/** Begins a new epoch: every cursor given so far is of another log. */
export async function renewEpoch(executor: Executor): Promise<void> {
  await put(executor, EPOCH, newEpoch());
}

/** How many events are kept. */
export async function countEvents(executor: Executor): Promise<number> {
  return (await executor.first<{ n: number }>(sql`SELECT count(*) AS n FROM event_log`))?.n ?? 0;
}
