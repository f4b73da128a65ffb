import type { Sql } from "sql-template-tag";

export { default as sql, empty, join, raw, type Sql } from "sql-template-tag";

/** Runs statements inside one transaction. Values are always bound, never part of the text. */
export interface Executor {
  /** All rows of a statement, also those of `RETURNING`. */
  all<Row>(statement: Sql): Promise<Row[]>;
  /** The first row, or undefined. */
  first<Row>(statement: Sql): Promise<Row | undefined>;
  /** A statement whose rows nobody wants. */
  run(statement: Sql): Promise<void>;
}
