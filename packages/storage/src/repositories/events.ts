import type { Database } from "../database.js";
import {
  countEvents,
  type EventFilter,
  type LoggedEvent,
  newestCursor,
  oldestCursor,
  pruneEvents,
  readEvents,
} from "../event-log.js";

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

  count(): Promise<number> {
    return this.#db.read(({ executor }) => countEvents(executor));
  }
}
