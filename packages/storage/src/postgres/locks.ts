import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
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

/** A session of the server, told from later ones with the same number. */
interface Backend {
  readonly pid: number;
  readonly since: string;
}

/**
 * Ends a session of ours that the server still has, though its connection was lost on the way.
 *
 * @returns whether there was one
 */
async function endLeftover(session: pg.Client, { pid, since }: Backend): Promise<boolean> {
  const { rowCount } = await session.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2",
    [pid, since],
  );
  return rowCount === 1;
}

/**
 * Holds the database for this process. A session that breaks (the server was restarted, the network was
 * away) is replaced and takes the lock again.
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
  let held: Backend | undefined;

  const takeIn = async (session: pg.Client) => {
    const { rows } = await ofDriver(
      session.query<Backend & { held: boolean }>(
        `SELECT pg_try_advisory_lock($1, $2) AS held, pid, backend_start::text AS since
         FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
        [LOCKS, OWNER],
      ),
    );
    const [own] = rows;
    if (own?.held) held = own;
    else if (held && (await endLeftover(session, held))) throw new Error("the lost session still held it");
    else throw new DuplicateError("another process holds the database");
  };

  const take = async () => {
    const session = await openSession(url);
    const close = () => session.end().catch(() => {});
    try {
      await takeIn(session);
    } catch (error) {
      await close();
      throw error;
    }
    if (stopped.signal.aborted) return close(); // released while it was on its way
    end = close;
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
