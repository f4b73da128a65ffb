import type { Dialect } from "../dialect.js";

/** The databases that the storage runs on. */
export type EngineName = Dialect["name"];

/**
 * What a column holds, in words that both engines understand:
 * `id` a number that the database gives, `key` the id of another row, `text`, `instant` milliseconds since 1970,
 * `flag`, `count` up to 2^31, `bigint` up to 2^53, `json` JSON text that nobody searches, `queried-json` JSON that
 * searches look into.
 */
export type ColumnType =
  | "id"
  | "key"
  | "text"
  | "instant"
  | "flag"
  | "count"
  | "bigint"
  | "json"
  | "queried-json"
  | EngineType;

/** A type in one engine's own words, for what is none of ours. */
export interface EngineType {
  readonly sql: string;
}

/** A value that a column gets where a row does not name one. */
export type DefaultValue = string | number | boolean;

export interface ColumnDescription {
  readonly name: string;
  readonly type: ColumnType;
  /** Columns of the primary key are never nullable. */
  readonly nullable: boolean;
  readonly default?: DefaultValue;
}

/** What becomes of a row when the one it refers to is removed. */
export type OnDelete = "CASCADE" | "SET NULL" | "SET DEFAULT" | "RESTRICT" | "NO ACTION";

export interface ForeignKeyDescription {
  readonly columns: readonly string[];
  readonly table: string;
  /** The columns referred to, in the order of `columns`. */
  readonly references: readonly string[];
  readonly onDelete: OnDelete;
}

/** A column by name, ascending; or descending; or an expression of SQL that both engines read. */
export type IndexPart =
  | string
  | { readonly column: string; readonly descending: true }
  | { readonly expression: string };

export interface IndexDescription {
  readonly name: string;
  readonly parts: readonly IndexPart[];
  readonly unique: boolean;
  /** Condition of SQL that both engines read: only rows that meet it are in the index. */
  readonly where?: string;
}

/** One table. The order of columns matters only to whoever creates it. */
export interface TableDescription {
  readonly name: string;
  readonly columns: readonly ColumnDescription[];
  readonly primaryKey: readonly string[];
  /** Sets of columns that are unique together, beside the primary key and the unique indexes. */
  readonly unique: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKeyDescription[];
  readonly indexes: readonly IndexDescription[];
}

/** A whole schema, tables by name. */
export type SchemaDescription = ReadonlyMap<string, TableDescription>;

/** The column's name where a part of an index is a plain or descending column. */
export function columnOf(part: IndexPart): string | undefined {
  if (typeof part === "string") return part;
  return "column" in part ? part.column : undefined;
}

/** Whether an index names a column, in its parts, an expression or its condition. */
export function mentions({ parts, where }: IndexDescription, column: string): boolean {
  const texts = parts.map((part) =>
    typeof part === "object" && "expression" in part ? part.expression : "",
  );
  const word = new RegExp(`(?<![\\w$])${column}(?![\\w$])`);
  return (
    parts.some((part) => columnOf(part) === column) || [...texts, where ?? ""].some((text) => word.test(text))
  );
}
