import type {
  ColumnDescription,
  DefaultValue,
  EngineName,
  ForeignKeyDescription,
  IndexDescription,
  TableDescription,
} from "./description.js";

export interface ChangeColumnOptions {
  /** What stands in rows that have nothing there, where the column may not be null and has no default. */
  readonly fill?: DefaultValue;
}

export interface AddColumnOptions extends ChangeColumnOptions {
  readonly references?: Omit<ForeignKeyDescription, "columns">;
}

/**
 * Changes the schema, with the same effect on both engines: data, keys, indexes, triggers and full-text indexes of
 * what is not named stay as they are. Everything runs in the migration's transaction.
 */
export interface SchemaEditor {
  readonly engine: EngineName;
  /** Creates the table with its indexes. */
  createTable(table: TableDescription): Promise<void>;
  dropTable(name: string): Promise<void>;
  /** Adds a column at the end. One that is not nullable needs a default, or `fill`, where the table has rows. */
  addColumn(table: string, column: ColumnDescription, options?: AddColumnOptions): Promise<void>;
  /** Drops the column with every index, unique rule and foreign key that it is part of. */
  dropColumn(table: string, column: string): Promise<void>;
  /**
   * Gives a column another type, nullability or default. Where it may no longer be null, null becomes the default,
   * or `fill`.
   *
   * @throws {Error} a value cannot be said in the new type, or is null where nothing takes its place
   */
  changeColumn(table: string, column: ColumnDescription, options?: ChangeColumnOptions): Promise<void>;
  /**
   * Places the named columns first, in this order, and the others after them as they stood. SQLite reads a row from
   * its beginning, and where large values stand in it follows their pages to what comes after them: small columns
   * belong before them. PostgreSQL keeps large values beside the row, so there the columns stay where they are.
   */
  orderColumns(table: string, first: readonly string[]): Promise<void>;
  /** The columns of the primary key; none takes it away. */
  changePrimaryKey(table: string, columns: readonly string[]): Promise<void>;
  addUnique(table: string, columns: readonly string[]): Promise<void>;
  dropUnique(table: string, columns: readonly string[]): Promise<void>;
  addForeignKey(table: string, key: ForeignKeyDescription): Promise<void>;
  dropForeignKey(table: string, columns: readonly string[]): Promise<void>;
  addIndex(table: string, index: IndexDescription): Promise<void>;
  dropIndex(name: string): Promise<void>;
}

/** Whether two lists of names are the same, in the same order. */
export function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, place) => name === other[place]);
}
