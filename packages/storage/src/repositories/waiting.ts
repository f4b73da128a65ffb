import type { Database } from "../database.js";
import { sql } from "../sql.js";
import type { WaitingLimits } from "./waiting-limits.js";

const DAY_MS = 86_400_000;
/** A removal waits longer: if it is forgotten too soon, a later copy brings back the text that was retracted. */
const REMOVAL_DAYS = 365;

/** Reactions, confirmations and removals that wait for messages that may never come. */
export class WaitingRepository {
  readonly #db: Database;
  readonly #days: number;

  constructor(db: Database, limits: WaitingLimits) {
    this.#db = db;
    this.#days = limits.days;
  }

  /** Forgets what has waited too long. */
  forgetExpired(now = new Date()): Promise<void> {
    const before = (days: number): number => now.getTime() - days * DAY_MS;
    const since = before(this.#days);
    return this.#db.write(async ({ executor }) => {
      await executor.run(
        sql`DELETE FROM reaction_change WHERE message_id IS NULL AND waiting_since < ${since}`,
      );
      await executor.run(sql`DELETE FROM message_confirmation WHERE received_at < ${since}`);
      await executor.run(
        sql`DELETE FROM message_removal WHERE received_at < ${before(Math.max(this.#days, REMOVAL_DAYS))}`,
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
