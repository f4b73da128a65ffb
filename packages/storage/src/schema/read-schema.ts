import { PATH_INDEX_PREFIX } from "../search/path-indexes.js";
import type { Executor } from "../sql.js";
import type { SchemaDescription } from "./description.js";
import { readPostgresSchema } from "./postgres-reader.js";
import { readSqliteSchema } from "./sqlite-reader.js";

/** The migrator's own table. */
export const MIGRATION_TABLE = "migration";

/**
 * The tables of an open database without what belongs to the engine or comes and goes while it runs: full-text
 * tables, generated columns, the migrator's table, indexes on parsed paths.
 */
export async function readSchema(executor: Executor): Promise<SchemaDescription> {
  const all =
    executor.dialect.name === "sqlite"
      ? await readSqliteSchema(executor)
      : await readPostgresSchema(executor);
  return new Map(
    [...all]
      .filter(([name]) => name !== MIGRATION_TABLE)
      .map(([name, table]) => [
        name,
        { ...table, indexes: table.indexes.filter((index) => !index.name.startsWith(PATH_INDEX_PREFIX)) },
      ]),
  );
}
