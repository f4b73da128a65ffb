import pg from "pg";
import { asStorageError, UnsupportedDatabaseError } from "../errors.js";
import { ofDriver } from "./failures.js";

const INT8 = 20;
const JSON_TYPE = 114;
const JSONB = 3802;
const MIN_VERSION = 140_000;

/** Integers beyond 2^53 are never stored; JSON stays text, as on SQLite. */
const types = {
  getTypeParser(oid: number, format?: "text" | "binary"): (value: never) => unknown {
    if (oid === INT8) return Number;
    if (oid === JSON_TYPE || oid === JSONB) return (value) => value;
    return pg.types.getTypeParser(oid, format as "text");
  },
} as unknown as pg.CustomTypesConfig;

const settingsFor = (url: string) => ({
  connectionString: url,
  application_name: "larder",
  keepAlive: true,
  connectionTimeoutMillis: 30_000,
  types,
});

/** A pool of connections; those that break are replaced. */
export function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ ...settingsFor(url), max, idleTimeoutMillis: 60_000 });
  // Whoever uses a connection hears of its end by the statement that fails; an event without a listener would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** A connection apart from the pool, for what belongs to a session (advisory locks). */
export async function openSession(url: string): Promise<pg.Client> {
  const client = new pg.Client(settingsFor(url));
  client.on("error", () => {});
  await ofDriver(client.connect());
  return client;
}

/** The database's address, without user and password. */
export function addressOf(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return host.startsWith("/")
    ? `postgres:///${database ?? ""}?host=${host}`
    : `postgres://${host}:${port}/${database ?? ""}`;
}

/**
 * Refuses a server that cannot hold our data.
 *
 * @returns its version as `MAJOR.MINOR.0`
 * @throws {UnsupportedDatabaseError} it is older than 14, or the database is not in UTF-8
 * @throws {StorageError} it cannot be reached
 */
export async function checkServer(pool: pg.Pool): Promise<string> {
  try {
    const { rows } = await ofDriver(
      pool.query<{ version: number; encoding: string }>(
        "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding",
      ),
    );
    const { version = 0, encoding } = rows[0] ?? {};
    if (version < MIN_VERSION)
      throw new UnsupportedDatabaseError(
        `PostgreSQL ${Math.floor(version / 10_000)} is too old: 14 is needed`,
      );
    if (encoding !== "UTF8")
      throw new UnsupportedDatabaseError(
        `the database has the encoding ${encoding}; make one with ENCODING 'UTF8'`,
      );
    return `${Math.floor(version / 10_000)}.${version % 10_000}.0`;
  } catch (error) {
    throw asStorageError(error, "opening the database");
  }
}
