import { setTimeout as delay } from "node:timers/promises";
import { asStorageError, DuplicateError } from "../errors.js";
import { openSession } from "./connections.js";
import { ofDriver } from "./failures.js";

/** First key of all our advisory locks, which a database's other users must not have: "LARD". */
export const LOCKS = 0x4c415244;
/** Held by the daemon that owns the database. */
const OWNER = 1;
/** Held while migrations run. */
const MIGRATION = 2;
/** Held by a transaction from its first place in the event log to its end. */
export const EVENT_ORDER = 3;

const AGAIN_AFTER_MS = 1000;

/** Runs `work` while this session alone migrates the database; others wait. */
export async function holdingMigration<T>(url: string, work: () => Promise<T>): Promise<T> {
  const session = await openSession(url).catch((error: unknown) => {
    throw asStorageError(error, "opening the database");
  });
  try {
    await ofDriver(session.query("SELECT pg_advisory_lock($1, $2)", [LOCKS, MIGRATION])).catch(
      (error: unknown) => {
        throw asStorageError(error, "opening the database");
      },
    );
    return await work();
  } finally {
    await session.end().catch(() => {}); // which lets go of the lock
  }
}

/**
 * Holds the database for this process. A session that breaks (the server was restarted) is replaced and
 * takes the lock again.
 *
 * @param onLost another process was quicker: this one must not go on
 * @throws {DuplicateError} another process holds it
 */
export async function holdServerDatabase(
  url: string,
  onLost: (error: Error) => void,
): Promise<{ release(): Promise<void> }> {
  const stopped = new AbortController();
  let end: () => Promise<void> = async () => {};

  const take = async () => {
    const session = await openSession(url);
    const { rows } = await session.query<{ held: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS held", [
      LOCKS,
      OWNER,
    ]);
    if (!rows[0]?.held) {
      await session.end();
      throw new DuplicateError("another process holds the database");
    }
    end = () => session.end().catch(() => {});
    session.once("end", () => {
      if (!stopped.signal.aborted) void takeAgain();
    });
  };

  const takeAgain = async () => {
    while (!stopped.signal.aborted) {
      try {
        await delay(AGAIN_AFTER_MS, undefined, { signal: stopped.signal });
        return await take();
      } catch (error) {
        if (error instanceof DuplicateError) return onLost(error);
      }
    }
  };

  try {
    await take();
  } catch (error) {
    throw asStorageError(error, "opening the database");
  }
  return {
    async release() {
      stopped.abort();
      await end();
    },
  };
}
