import type { Database, UnitOfWork } from "../database.js";
import {
  countEvents,
  type EventFilter,
  type LoggedEvent,
  newestCursor,
  oldestCursor,
  pruneEvents,
  readEvents,
} from "../event-log.js";
import { sql } from "../sql.js";

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

  /** Removes events older than `before`. */
  prune(before: Date): Promise<number> {
    return this.#db.write(({ executor }) => pruneEvents(executor, before));
  }

  /**
   * Takes the content of retracted items out of events that carry it themselves, because their node is
   * not kept. Events of kept nodes hold ids alone.
   *
   * @param itemIds all of the node when absent
   */
  scrubItems(
    unit: UnitOfWork,
    accountId: number,
    address: { service: string; node: string },
    itemIds?: readonly string[],
  ): Promise<void> {
    const retracted = itemIds
      ? sql`i.value->>'id' IN (SELECT value FROM json_each(${JSON.stringify(itemIds)}))`
      : sql`TRUE`;
    return unit.executor.run(sql`
      UPDATE event_log SET data = json_set(data, '$.items', (
        SELECT json_group_array(CASE WHEN ${retracted} THEN json_object('id', i.value->>'id') ELSE json(i.value) END)
        FROM json_each(event_log.data, '$.items') i))
      WHERE signal = 'ps_event' AND account_id = ${accountId} AND json_type(data, '$.items') = 'array'
        AND data->>'service' = ${address.service} AND data->>'node' = ${address.node}`);
  }

  count(): Promise<number> {
    return this.#db.read(({ executor }) => countEvents(executor));
  }
}
