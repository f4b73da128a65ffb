import { quoteName } from "../schema/types.js";
import { type Executor, raw, sql } from "../sql.js";
import type { PortableTable } from "./tables.js";

/** The highest number that the database has given to a row of the table; 0 where it has given none. */
export async function highestNumber(executor: Executor, { name, numbered }: PortableTable): Promise<number> {
  if (numbered === undefined) return 0;
  const found = await executor.first<{ highest: number | null }>(
    executor.dialect.name === "sqlite"
      ? sql`SELECT max(seq) AS highest FROM sqlite_sequence WHERE name = ${name}`
      : sql`SELECT s.last_value AS highest FROM pg_sequences s
          WHERE format('%I.%I', s.schemaname, s.sequencename) = pg_get_serial_sequence(${name}, ${numbered})`,
  );
  return found?.highest ?? 0;
}

/** Sees to it that the next row of the table gets a number above this one, and above all that are there. */
export async function numberAfter(
  executor: Executor,
  { name, numbered }: PortableTable,
  highest: number,
): Promise<void> {
  if (numbered === undefined) return;
  const { name: engine } = executor.dialect;
  const [table, column] = [raw(quoteName(engine, name)), raw(quoteName(engine, numbered))];
  const there = await executor.first<{ highest: number | null }>(
    sql`SELECT max(${column}) AS highest FROM ${table}`,
  );
  const last = Math.max(highest, there?.highest ?? 0);
  if (last === 0) return;
  if (engine === "postgres") {
    await executor.run(
      sql`SELECT setval(pg_get_serial_sequence(${name}, ${numbered}), CAST(${last} AS BIGINT))`,
    );
    return;
  }
  await executor.run(sql`DELETE FROM sqlite_sequence WHERE name = ${name}`);
  await executor.run(sql`INSERT INTO sqlite_sequence (name, seq) VALUES (${name}, ${last})`);
}
