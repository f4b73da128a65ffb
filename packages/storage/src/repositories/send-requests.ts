import type { Database } from "../database.js";
import { checkKeys } from "../keys.js";
import { sql } from "../sql.js";

/** For how long a repeated `requestId` is recognised. */
export const REQUEST_MEMORY_MS = 24 * 3_600_000;

/** Remembers what a request id made, so that the same request sends once. */
export class SendRequestRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What the request made before, or undefined where it is new or older than 24 h. */
  find(accountId: number, requestId: string): Promise<string | undefined> {
    const since = Date.now() - REQUEST_MEMORY_MS;
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<{ result: string }>(
        sql`SELECT result FROM send_request WHERE account_id = ${accountId} AND request_id = ${requestId} AND created_at > ${since}`,
      );
      return row?.result;
    });
  }

  /** @throws {KeyTooLongError} the request id */
  async remember(accountId: number, requestId: string, result: string): Promise<void> {
    checkKeys({ requestId });
    const now = Date.now();
    return this.#db.write(async ({ executor }) => {
      await executor.run(sql`DELETE FROM send_request WHERE created_at <= ${now - REQUEST_MEMORY_MS}`);
      await executor.run(
        sql`INSERT INTO send_request (account_id, request_id, result, created_at) VALUES (${accountId}, ${requestId}, ${result}, ${now})
            ON CONFLICT (account_id, request_id) DO UPDATE SET result = excluded.result, created_at = excluded.created_at`,
      );
    });
  }
}
