import type { Database } from "../database.js";
import { sql } from "../sql.js";

const DAY_MS = 86_400_000;
/** Reactions, receipts and markers wait as long as a first reading of an archive goes back by default. */
const WAITING_MS = 90 * DAY_MS;
/** A removal waits longer: if it is forgotten too soon, a later copy brings back what was taken back. */
const REMOVAL_WAITING_MS = 365 * DAY_MS;

/** Reactions, confirmations and removals that wait for messages that may never come. */
export class WaitingRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Forgets what has waited too long. */
  forgetExpired(now = new Date()): Promise<void> {
    const since = now.getTime() - WAITING_MS;
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`DELETE FROM reaction_change WHERE message_id IS NULL AND waiting_since < ${since}`,
      );
      await executor.run(sql`DELETE FROM message_confirmation WHERE received_at < ${since}`);
      await executor.run(
        sql`DELETE FROM message_removal WHERE received_at < ${now.getTime() - REMOVAL_WAITING_MS}`,
      );
    });
  }

  /** Number of rows that wait, of all accounts. */
  count(): Promise<number> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<{ n: number }>(sql`
        SELECT (SELECT count(*) FROM reaction_change WHERE message_id IS NULL)
          + (SELECT count(*) FROM message_confirmation) + (SELECT count(*) FROM message_removal) AS n`);
      return Number(row?.n ?? 0);
    });
  }
}
