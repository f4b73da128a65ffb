import { StorageError } from "../errors.js";
import { quoteName } from "../schema/types.js";
import { type Executor, isStorable, join, raw, sql } from "../sql.js";
import type { PortableColumn, PortableTable } from "./tables.js";

type Bound = string | number | null;

/** A column's exported value → as it is bound. */
function bound(table: string, column: PortableColumn, value: unknown): Bound {
  const wrong = (wanted: string) => new StorageError(`${table}.${column.name} is not ${wanted}`);
  if (value === undefined) {
    if (column.nullable) return null;
    throw new StorageError(`${table}.${column.name} is missing`);
  }
  switch (column.kind) {
    case "number":
      if (typeof value !== "number" || !Number.isSafeInteger(value)) throw wrong("an integer");
      return value;
    case "flag":
      if (typeof value !== "boolean") throw wrong("true or false");
      return Number(value);
    case "text":
      if (typeof value !== "string") throw wrong("a text");
      if (!isStorable(value)) throw wrong("a text that can be stored");
      return value;
    case "json":
      return JSON.stringify(value);
  }
}

/** Names in SQL that no column has, whatever the columns are called. */
const alias = (place: number) => `c${place}`;

/**
 * A row of an export as it is inserted.
 *
 * @throws {StorageError} the row does not fit the table; the message says where
 */
export function boundRow(
  { name, columns }: PortableTable,
  row: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Bound>> {
  for (const key of Object.keys(row)) {
    if (!columns.some((column) => column.name === key))
      throw new StorageError(`the table ${name} has no column ${key}`);
  }
  return Object.fromEntries(
    columns.map((column, place) => [
      alias(place),
      bound(name, column, Object.hasOwn(row, column.name) ? row[column.name] : undefined),
    ]),
  );
}

/** Inserts rows made by {@link boundRow} in one statement. */
export async function insertRows(
  executor: Executor,
  { name, columns }: PortableTable,
  rows: readonly Readonly<Record<string, Bound>>[],
): Promise<void> {
  const quoted = (text: string) => raw(quoteName(executor.dialect.name, text));
  const types = Object.fromEntries(
    columns.map(({ kind }, place) => [
      alias(place),
      kind === "number" || kind === "flag" ? ("number" as const) : ("text" as const),
    ]),
  );
  const values = columns.map(({ kind, queried }, place) => {
    const value = raw(`r.${alias(place)}`);
    if (kind === "flag") return sql`${value} <> 0`;
    return queried ? executor.dialect.asJson(value) : value;
  });
  await executor.run(
    sql`INSERT INTO ${quoted(name)} (${join(columns.map((column) => quoted(column.name)))})
      SELECT ${join(values)} FROM ${executor.dialect.records(types, rows)} AS r ORDER BY r.key`,
  );
}
