import type { Migration } from "./migrations/migration.js";
import { Ddl } from "./schema/ddl.js";
import type { TableDescription } from "./schema/description.js";
import { MIGRATION_TABLE } from "./schema/read-schema.js";
import { type Executor, raw, sql } from "./sql.js";

/** A step that the database has. */
export interface AppliedStep {
  readonly name: string;
  readonly revision: number;
  readonly appliedAt: Date;
}

const table: TableDescription = {
  name: MIGRATION_TABLE,
  columns: [
    { name: "name", type: "text", nullable: false },
    { name: "revision", type: "count", nullable: false },
    { name: "applied_at", type: "instant", nullable: false },
  ],
  primaryKey: ["name"],
  unique: [],
  foreignKeys: [],
  indexes: [],
};

/** Makes the record of applied steps where it is not there. */
export async function createMigrationTable(executor: Executor): Promise<void> {
  const statement = new Ddl(executor.dialect.name).createTable(table);
  await executor.run(raw(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")));
}

/** Lets no other process record a step before this transaction ends; on SQLite it holds the only lock there is. */
export async function lockMigrationTable(executor: Executor): Promise<void> {
  if (executor.dialect.name === "postgres")
    await executor.run(raw(`LOCK TABLE ${MIGRATION_TABLE} IN EXCLUSIVE MODE`));
}

async function isThere(executor: Executor): Promise<boolean> {
  const found = await executor.first(
    executor.dialect.name === "sqlite"
      ? sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name = ${MIGRATION_TABLE}`
      : sql`SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ${MIGRATION_TABLE}`,
  );
  return found !== undefined;
}

/** The applied steps, oldest first; none in a database that is new. Nothing is written. */
export async function appliedSteps(executor: Executor): Promise<AppliedStep[]> {
  if (!(await isThere(executor))) return [];
  const rows = await executor.all<{ name: string; revision: number; applied_at: number }>(
    sql`SELECT name, revision, applied_at FROM migration ORDER BY name`,
  );
  return rows.map((row) => ({
    name: row.name,
    revision: Number(row.revision),
    appliedAt: new Date(Number(row.applied_at)),
  }));
}

export function recordStep(executor: Executor, { name, revision }: Migration): Promise<void> {
  return executor.run(
    sql`INSERT INTO migration (name, revision, applied_at) VALUES (${name}, ${revision}, ${Date.now()})`,
  );
}

export function removeStep(executor: Executor, { name }: Migration): Promise<void> {
  return executor.run(sql`DELETE FROM migration WHERE name = ${name}`);
}
