import {
  type MigrateOptions,
  type MigrationReport,
  migrate,
  type RollbackReport,
  rollback,
} from "../migrator.js";
import { databaseAddress, openEngine } from "../open-engine.js";
import { holdingAlone, withEngine } from "./access.js";

type Progress = Pick<MigrateOptions, "onProgress">;

/**
 * Brings the database to the schema of this program, making it where there is none.
 *
 * @throws {DuplicateError} a daemon has it
 * @throws {StorageError} it is newer than the program, or a step failed and was undone
 */
export function migrateDatabase(url: string, options: Progress = {}): Promise<MigrationReport> {
  return holdingAlone(url, async () => {
    const engine = await openEngine(url);
    try {
      return await migrate(engine, options);
    } finally {
      await engine.close();
    }
  });
}

/**
 * Undoes the last step of the schema, or every one after the step `to`.
 *
 * @throws {DuplicateError} a daemon has it
 * @throws {StorageError} `to` is no step that it has, or one failed and was undone
 */
export function rollbackDatabase(
  url: string,
  options: Progress & { readonly to?: string } = {},
): Promise<RollbackReport> {
  return holdingAlone(url, () => withEngine(url, (engine) => rollback(engine, options)));
}

/**
 * Gives back what deleted rows took.
 *
 * @returns bytes on the disk before and after
 * @throws {DuplicateError} a daemon has it (SQLite; PostgreSQL does this beside it)
 */
export function vacuumDatabase(url: string): Promise<{ readonly before: number; readonly after: number }> {
  const work = () =>
    withEngine(url, async (engine) => {
      const before = await engine.size();
      await engine.vacuum();
      return { before, after: await engine.size() };
    });
  return databaseAddress(url).kind === "sqlite" ? holdingAlone(url, work) : work();
}
