import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import sqlite3 from "sqlite3";
import { asStorageError, DuplicateError } from "../errors.js";
import { closeConnection } from "./connections.js";
import { queryAll, type SqliteConnection } from "./statements.js";

/**
 * Holds a file for this process alone, until released or until the process ends however it ends: the
 * system's own lock on an otherwise empty SQLite file, so that nothing stale can be left behind.
 *
 * @throws {DuplicateError} another process holds it
 */
export async function holdFile(path: string): Promise<{ release(): Promise<void> }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const connection = await new Promise<SqliteConnection>((resolve, reject) => {
    const opened = new sqlite3.Database(path, (error) =>
      error ? reject(asStorageError(error, `opening ${path}`)) : resolve(opened),
    );
  });
  try {
    await queryAll(connection, "PRAGMA busy_timeout = 0", []);
    await queryAll(connection, "BEGIN EXCLUSIVE", []);
  } catch (error) {
    await closeConnection(connection).catch(() => {});
    if (error instanceof Error && error.message.includes("SQLITE_BUSY")) {
      throw new DuplicateError(`another process holds ${path}`);
    }
    throw asStorageError(error, `locking ${path}`);
  }
  return {
    async release() {
      await queryAll(connection, "ROLLBACK", []).catch(() => []);
      await closeConnection(connection);
    },
  };
}
