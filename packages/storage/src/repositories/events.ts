import type { Database, UnitOfWork } from "../database.js";
import {
  countEvents,
  type EventFilter,
  type EventRetention,
  type LoggedEvent,
  newestCursor,
  oldestCursor,
  pruneEvents,
  readEvents,
} from "../event-log.js";
import { contains, sql } from "../sql.js";

/** The durable event log: written by units of work, read by cursor. */
export class EventLogRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The cursor after which only what is still to come stands. */
  newest(): Promise<string> {
    return this.#db.read(({ executor }) => newestCursor(executor));
  }

  /** The cursor before the oldest event that is kept. */
  oldest(): Promise<string> {
    return this.#db.read(({ executor }) => oldestCursor(executor));
  }

  /**
   * Events after a cursor, oldest first.
   *
   * @throws {RowNotFoundError} the cursor is too old, of another log, or from the future
   */
  since(
    cursor: string,
    filter: EventFilter & { limit: number },
  ): Promise<{ events: LoggedEvent[]; cursor: string; more: boolean }> {
    return this.#db.read(({ executor }) => readEvents(executor, { ...filter, since: cursor }));
  }

  /** Removes the oldest events: those before an instant, and those beyond a number. */
  prune(retention: EventRetention): Promise<number> {
    return this.#db.write(({ executor }) => pruneEvents(executor, retention));
  }

  /**
   * Takes the content of retracted items out of events that carry it themselves, because their node is
   * not kept. Events of kept nodes hold ids alone.
   *
   * @param itemIds all of the node when absent
   */
  async scrubItems(
    { executor }: UnitOfWork,
    accountId: number,
    address: { service: string; node: string },
    itemIds?: readonly string[],
  ): Promise<void> {
    const rows = await executor.all<{ seq: number; data: string }>(
      sql`SELECT seq, data FROM event_log WHERE signal = 'ps_event' AND account_id = ${accountId}
          AND ${contains(sql`data`, '"items":[')} AND ${contains(sql`data`, JSON.stringify(address.node))}`,
    );
    const gone = itemIds && new Set(itemIds);
    for (const { seq, data } of rows) {
      const event = JSON.parse(data) as { service?: string; node?: string; items?: { id: string }[] };
      if (event.service !== address.service || event.node !== address.node || !event.items) continue;
      const items = event.items.map((item) => (gone?.has(item.id) === false ? item : { id: item.id }));
      await executor.run(
        sql`UPDATE event_log SET data = ${JSON.stringify({ ...event, items })} WHERE seq = ${seq}`,
      );
    }
  }

  count(): Promise<number> {
    return this.#db.read(({ executor }) => countEvents(executor));
  }
}
