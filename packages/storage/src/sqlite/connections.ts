import sqlite3 from "sqlite3";
import { asStorageError, closedError } from "../errors.js";
import { dropKept, type SqliteConnection } from "./statements.js";

/** Values that SQLite binds. */
export type SqlValue = string | number | bigint | boolean | null | Buffer;

/**
 * What every connection is opened with: readers do not wait for the writer (WAL), what was acknowledged
 * survives a power cut (FULL), what was removed is overwritten in the file (secure_delete), and LIKE
 * tells upper from lower case as PostgreSQL's does.
 */
const PRAGMAS = [
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = FULL",
  "PRAGMA foreign_keys = ON",
  "PRAGMA busy_timeout = 5000",
  "PRAGMA secure_delete = ON",
  "PRAGMA case_sensitive_like = ON",
];

/** @param options.create make the file where there is none; a later connection would find an empty database */
export function openConnection(
  file: string,
  role: "writer" | "reader",
  { create = false } = {},
): Promise<SqliteConnection> {
  const mode = sqlite3.OPEN_READWRITE | (create ? sqlite3.OPEN_CREATE : 0);
  return new Promise((resolve, reject) => {
    const connection = new sqlite3.Database(file, mode, (openError) => {
      if (openError) return reject(asStorageError(openError, `opening ${file}`));
      connection.serialize(); // statements run in the order they were given, also those nobody waits for
      const pragmas = role === "reader" ? [...PRAGMAS, "PRAGMA query_only = ON"] : PRAGMAS;
      connection.exec(pragmas.join(";"), (error) => {
        if (!error) return resolve(connection);
        connection.close(() => reject(asStorageError(error, `opening ${file}`)));
      });
    });
  });
}

export async function closeConnection(connection: SqliteConnection): Promise<void> {
  await dropKept(connection);
  return new Promise((resolve, reject) =>
    connection.close((error) => (error ? reject(asStorageError(error, "closing the database")) : resolve())),
  );
}

/**
 * Hands out a fixed number of read-only connections, each to one reader at a time, first come first
 * served. A slow read holds up nobody but those beyond the pool's size.
 */
export class ReaderPool {
  readonly #file: string;
  readonly #size: number;
  readonly #idle: SqliteConnection[] = [];
  readonly #waiting: { resolve: (connection: SqliteConnection) => void; reject: (error: Error) => void }[] =
    [];
  readonly #all = new Set<SqliteConnection>();
  #opening = 0;
  #closed = false;
  #allReturned: (() => void) | undefined;

  constructor(file: string, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async acquire(): Promise<SqliteConnection> {
    if (this.#closed) throw closedError();
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.size + this.#opening < this.#size) {
      this.#opening++;
      try {
        const connection = await openConnection(this.#file, "reader");
        if (this.#closed) {
          await closeConnection(connection);
          throw closedError();
        }
        this.#all.add(connection);
        return connection;
      } catch (error) {
        const next = this.#waiting.shift(); // nobody may be left to hand over a connection
        if (next) queueMicrotask(() => this.acquire().then(next.resolve, next.reject));
        throw error;
      } finally {
        this.#opening--;
      }
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  owns(connection: SqliteConnection): boolean {
    return this.#all.has(connection);
  }

  release(connection: SqliteConnection): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(connection);
    else this.#idle.push(connection);
    if (this.#idle.length === this.#all.size) this.#allReturned?.();
  }

  /** Refuses those who wait, waits for those who read, and closes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    if (this.#idle.length < this.#all.size) {
      await new Promise<void>((resolve) => {
        this.#allReturned = resolve;
      });
    }
    this.#all.clear();
    await Promise.all(this.#idle.splice(0).map(closeConnection));
  }
}
