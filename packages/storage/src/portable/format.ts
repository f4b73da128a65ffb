/**
 * The export: JSON values, one on each line. First {@link ExportHeader}, then an {@link ExportRow} for every row, table
 * by table so that what is referred to comes first, rows by primary key; last {@link ExportEnd}.
 */
export const EXPORT_FORMAT = "larder-export";
export const EXPORT_VERSION = 1;

/**
 * How a column's values are written: integers (instants in milliseconds since 1970), texts, booleans, or JSON values.
 * A column that holds nothing is left out of its row.
 */
export type ValueKind = "number" | "text" | "flag" | "json";

export interface ExportHeader {
  readonly format: typeof EXPORT_FORMAT;
  readonly version: number;
  /** The steps of the schema that the rows fit to, oldest first. */
  readonly migrations: readonly { readonly name: string; readonly revision: number }[];
  /** Table → column → how it is written; tables in the order of their rows. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, ValueKind>>>>;
}

export interface ExportRow {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

export interface ExportEnd {
  /** Table → how many rows there were: a file that was cut is noticed. */
  readonly rows: Readonly<Record<string, number>>;
  /** Table → highest number given to a row so far, which may be gone: it is not given again. */
  readonly numbered: Readonly<Record<string, number>>;
}

/** What is being exported or imported. */
export interface PortableProgress {
  readonly table: string;
  /** Of all tables, so far. */
  readonly rows: number;
  /** All there are, where that is known. */
  readonly total?: number;
}

export interface PortableReport {
  /** Table → rows. */
  readonly rows: Readonly<Record<string, number>>;
}
