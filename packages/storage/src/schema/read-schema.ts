import type { Executor } from "../sql.js";
import type { EngineName, SchemaDescription } from "./description.js";
import { readPostgresSchema } from "./postgres-reader.js";
import { readSqliteSchema } from "./sqlite-reader.js";

/** The migrator's own table. */
export const MIGRATION_TABLE = "migration";

/** Indexes that are made at run time, for the paths that an analyser names. */
const RUN_TIME_INDEX = /^path_/;

/**
 * The tables of an open database without what belongs to the engine or comes and goes while it runs: full-text
 * tables, generated columns, the migrator's table, indexes on parsed paths.
 */
export async function readSchema(engine: EngineName, executor: Executor): Promise<SchemaDescription> {
  const all = engine === "sqlite" ? await readSqliteSchema(executor) : await readPostgresSchema(executor);
  return new Map(
    [...all]
      .filter(([name]) => name !== MIGRATION_TABLE)
      .map(([name, table]) => [
        name,
        { ...table, indexes: table.indexes.filter((index) => !RUN_TIME_INDEX.test(index.name)) },
      ]),
  );
}
