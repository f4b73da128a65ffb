import type { Sql } from "sql-template-tag";
import sql, { raw } from "sql-template-tag";
import type { Dialect } from "./dialect.js";
import { InvalidQueryError } from "./errors.js";

export { default as sql, empty, join, raw, Sql as Statement, type Sql } from "sql-template-tag";

/** Runs statements inside one transaction. Values are always bound, never part of the text. */
export interface Executor {
  /** How the database at hand says what the two engines say differently. */
  readonly dialect: Dialect;
  /** All rows of a statement, also those of `RETURNING`. */
  all<Row>(statement: Sql): Promise<Row[]>;
  /** The first row, or undefined. */
  first<Row>(statement: Sql): Promise<Row | undefined>;
  /** A statement whose rows nobody wants. */
  run(statement: Sql): Promise<void>;
}

/** A text as a part of the statement, where both engines take no bound value: in the expression of an index. */
export const literal = (text: string): Sql => raw(`'${text.replaceAll("'", "''")}'`);

/** The column holds this text somewhere; case counts. */
export const contains = (column: Sql, text: string): Sql =>
  sql`${column} LIKE ${`%${text.replaceAll(/[\\%_]/g, "\\$&")}%`} ESCAPE '\\'`;

/**
 * The values of a statement as both engines can take them.
 *
 * @throws {InvalidQueryError} a text holds U+0000 or half a surrogate pair: PostgreSQL has neither, so none is kept
 */
export function bindable(values: readonly unknown[]): unknown[] {
  for (const value of values) {
    if (Array.isArray(value)) bindable(value);
    else if (typeof value === "string" && !isStorable(value)) throw unstorableText();
  }
  return values as unknown[];
}

export const unstorableText = (where = "") =>
  new InvalidQueryError(
    where,
    `${where ? `${where}: ` : ""}the text holds U+0000 or half a surrogate pair, which no stored text does`,
  );

/** Whether both engines can hold this text. */
export const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed();
