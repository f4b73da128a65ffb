import type { ColumnDescription, TableDescription } from "../dist/schema/description.js";
import { readSchema } from "../dist/schema/read-schema.js";
import { type Executor, join, raw, sql } from "../dist/sql.js";

/** Rows that {@link fillTables} puts into every table. */
export const ROWS = 3;

function value(column: ColumnDescription, number: number): string | number | boolean {
  switch (column.type) {
    case "id":
    case "key":
      return number;
    case "flag":
      return number % 2 === 0;
    case "count":
    case "bigint":
      return column.name.endsWith("_id") ? number : number * 10; // an id that nothing holds
    case "queried-json":
      return JSON.stringify({ number });
    default:
      return `${column.name} ${number} of Zürich`;
  }
}

/** Tables after those that they refer to. */
function inOrder(tables: readonly TableDescription[]): TableDescription[] {
  const done: TableDescription[] = [];
  while (done.length < tables.length) {
    const next = tables.find(
      (table) =>
        !done.includes(table) &&
        table.foreignKeys.every(
          (key) => done.some(({ name }) => name === key.table) || key.table === table.name,
        ),
    );
    if (!next) throw new Error("the tables refer to each other in a circle");
    done.push(next);
  }
  return done;
}

const ids = (names: readonly string[]) => raw(names.map((name) => `"${name}"`).join(", "));

/** Puts rows into every table that has none, with all columns filled and all references to rows that are there. */
export async function fillTables(executor: Executor): Promise<void> {
  for (const table of inOrder([...(await readSchema(executor)).values()])) {
    const name = raw(`"${table.name}"`);
    if (await executor.first(sql`SELECT 1 FROM ${name} LIMIT 1`)) continue;
    for (let number = 1; number <= ROWS; number++) {
      const values = table.columns.map((column) => value(column, number));
      await executor.run(
        sql`INSERT INTO ${name} (${ids(table.columns.map((column) => column.name))}) VALUES (${join(values)})`,
      );
    }
  }
}

/** All rows of all tables, as text that can be compared: table → rows → column → value. */
export async function readRows(executor: Executor): Promise<Map<string, Record<string, string>[]>> {
  const found = new Map<string, Record<string, string>[]>();
  for (const table of (await readSchema(executor)).values()) {
    const names = table.columns.map(({ name }) => name);
    const rows = await executor.all<Record<string, unknown>>(
      sql`SELECT ${ids(names)} FROM ${raw(`"${table.name}"`)} ORDER BY ${raw(names.map((_, place) => place + 1).join(", "))}`,
    );
    found.set(
      table.name,
      rows.map((row) => Object.fromEntries(names.map((name) => [name, JSON.stringify(row[name])]))),
    );
  }
  return found;
}

/** The rows of one moment with only the tables and columns that another moment has too. */
export function common(
  rows: ReadonlyMap<string, Record<string, string>[]>,
  other: ReadonlyMap<string, Record<string, string>[]>,
): Record<string, Record<string, string>[]> {
  return Object.fromEntries(
    [...rows]
      .filter(([table]) => other.has(table))
      .map(([table, entries]) => {
        const columns = Object.keys(other.get(table)?.[0] ?? {});
        return [
          table,
          entries.map((row) =>
            Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name))),
          ),
        ];
      }),
  );
}
