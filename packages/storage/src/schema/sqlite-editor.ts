import { type Executor, raw, sql } from "../sql.js";
import { converted } from "./conversions.js";
import { Ddl } from "./ddl.js";
import {
  type ColumnDescription,
  type DefaultValue,
  type ForeignKeyDescription,
  type IndexDescription,
  mentions,
  type TableDescription,
} from "./description.js";
import { type AddColumnOptions, type ChangeColumnOptions, type SchemaEditor, sameNames } from "./editor.js";
import { readSqliteTable } from "./sqlite-reader.js";
import { engineType, literal } from "./types.js";

/**
 * {@link SchemaEditor} for SQLite, which can add a column and little else: other changes make the table anew beside
 * the old one, move the rows and give it its indexes and triggers back. Foreign keys must not be enforced meanwhile,
 * since dropping the old table would remove the rows that refer to it. The rows keep their numbers, so the full-text
 * index beside the table still fits.
 */
export class SqliteEditor implements SchemaEditor {
  readonly engine = "sqlite";
  readonly #executor: Executor;
  readonly #ddl = new Ddl("sqlite");

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  async createTable(table: TableDescription): Promise<void> {
    await this.#run(this.#ddl.createTable(table));
    for (const index of table.indexes) await this.addIndex(table.name, index);
  }

  dropTable(name: string): Promise<void> {
    return this.#run(`DROP TABLE ${this.#ddl.name(name)}`);
  }

  async addColumn(
    table: string,
    column: ColumnDescription,
    { references, fill }: AddColumnOptions = {},
  ): Promise<void> {
    const foreignKeys = references ? [{ ...references, columns: [column.name] }] : [];
    if (column.nullable || column.default !== undefined) {
      const text = this.#ddl.column(column, { primaryKey: [], unique: [], foreignKeys });
      return this.#run(`ALTER TABLE ${this.#ddl.name(table)} ADD COLUMN ${text}`);
    }
    const change = (before: TableDescription) => ({
      ...before,
      columns: [...before.columns, column],
      foreignKeys: [...before.foreignKeys, ...foreignKeys],
    });
    await this.#rebuild(table, change, { column: column.name, fill });
  }

  async dropColumn(table: string, column: string): Promise<void> {
    const without = (names: readonly string[]) => !names.includes(column);
    await this.#rebuild(table, (before) => ({
      ...before,
      columns: before.columns.filter(({ name }) => name !== column),
      primaryKey: without(before.primaryKey) ? before.primaryKey : [],
      unique: before.unique.filter(without),
      foreignKeys: before.foreignKeys.filter(({ columns }) => without(columns)),
      indexes: before.indexes.filter((index) => !mentions(index, column)),
    }));
  }

  async changeColumn(
    table: string,
    column: ColumnDescription,
    { fill = column.default }: ChangeColumnOptions = {},
  ): Promise<void> {
    const change = (before: TableDescription) => {
      if (!before.columns.some(({ name }) => name === column.name)) {
        throw new Error(`the table ${table} has no column ${column.name}`);
      }
      return { ...before, columns: before.columns.map((old) => (old.name === column.name ? column : old)) };
    };
    await this.#rebuild(table, change, { column: column.name, fill });
  }

  async orderColumns(table: string, first: readonly string[]): Promise<void> {
    await this.#rebuild(table, (before) => {
      const named = first.map((name) => {
        const column = before.columns.find((entry) => entry.name === name);
        if (!column) throw new Error(`the table ${table} has no column ${name}`);
        return column;
      });
      return { ...before, columns: [...new Set([...named, ...before.columns])] };
    });
  }

  async changePrimaryKey(table: string, columns: readonly string[]): Promise<void> {
    await this.#rebuild(table, (before) => ({ ...before, primaryKey: columns }));
  }

  async addUnique(table: string, columns: readonly string[]): Promise<void> {
    await this.#rebuild(table, (before) => ({ ...before, unique: [...before.unique, columns] }));
  }

  async dropUnique(table: string, columns: readonly string[]): Promise<void> {
    await this.#rebuild(table, (before) => ({
      ...before,
      unique: before.unique.filter((names) => !sameNames(names, columns)),
    }));
  }

  async addForeignKey(table: string, key: ForeignKeyDescription): Promise<void> {
    await this.#rebuild(table, (before) => ({ ...before, foreignKeys: [...before.foreignKeys, key] }));
  }

  async dropForeignKey(table: string, columns: readonly string[]): Promise<void> {
    await this.#rebuild(table, (before) => ({
      ...before,
      foreignKeys: before.foreignKeys.filter((key) => !sameNames(key.columns, columns)),
    }));
  }

  addIndex(table: string, index: IndexDescription): Promise<void> {
    return this.#run(this.#ddl.createIndex(table, index));
  }

  dropIndex(name: string): Promise<void> {
    return this.#run(`DROP INDEX ${this.#ddl.name(name)}`);
  }

  #run(statement: string): Promise<void> {
    return this.#executor.run(raw(statement));
  }

  /** @param filled the column whose missing values become `fill` */
  async #rebuild(
    name: string,
    change: (before: TableDescription) => TableDescription,
    filled?: { column: string; fill: DefaultValue | undefined },
  ): Promise<void> {
    const before = await readSqliteTable(this.#executor, name, { lossless: true });
    if (!before) throw new Error(`there is no table ${name}`);
    const after = change(before);
    const beside = `${name}_new`;
    const [table, fresh] = [name, beside].map((text) => this.#ddl.name(text));
    // Indexes and triggers go with the old table and are made again in their own words.
    const attached = await this.#executor.all<{ type: string; name: string; sql: string }>(
      sql`SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ${name} AND sql IS NOT NULL
            AND type IN ('index', 'trigger') ORDER BY type, rowid`,
    );
    const kept = attached.filter(
      (entry) => entry.type === "trigger" || after.indexes.some((index) => index.name === entry.name),
    );
    const given = await this.#lastNumber(before);
    const values = after.columns.flatMap((column) => {
      const old = before.columns.find((entry) => entry.name === column.name);
      const fill = filled?.column === column.name && !column.nullable ? filled.fill : undefined;
      const value = this.#value(old, column, fill);
      return value === undefined ? [] : [{ name: this.#ddl.name(column.name), value }];
    });
    await this.#refuseLost(before, after);
    await this.#run(this.#ddl.createTable(after, beside));
    // In the order of the rows: some tables have no other sign of what came first.
    await this.#run(
      `INSERT INTO ${fresh} (${values.map((entry) => entry.name).join(", ")}) ` +
        `SELECT ${values.map((entry) => entry.value).join(", ")} FROM ${table} ORDER BY rowid`,
    );
    await this.#run(`DROP TABLE ${table}`);
    await this.#run(`ALTER TABLE ${fresh} RENAME TO ${table}`);
    if (given !== undefined) await this.#keepLastNumber(name, given);
    for (const entry of kept) await this.#run(entry.sql);
  }

  /** What the row gets in a column; undefined leaves it to the column's default. */
  #value(
    before: ColumnDescription | undefined,
    after: ColumnDescription,
    fill: DefaultValue | undefined,
  ): string | undefined {
    const filling = fill === undefined ? undefined : literal("sqlite", fill);
    if (!before) return filling;
    const value = converted("sqlite", this.#ddl.name(before.name), before.type, after.type);
    return before.nullable && filling !== undefined ? `coalesce(${value}, ${filling})` : value;
  }

  /** Values that the new type has no word for would become null: the step fails instead. */
  async #refuseLost(before: TableDescription, after: TableDescription): Promise<void> {
    for (const column of after.columns) {
      const old = before.columns.find(({ name }) => name === column.name);
      if (!old || engineType("sqlite", old.type) === engineType("sqlite", column.type)) continue;
      const name = this.#ddl.name(column.name);
      const value = converted("sqlite", name, old.type, column.type);
      const row = await this.#executor.first<{ n: number }>(
        raw(
          `SELECT count(*) AS n FROM ${this.#ddl.name(before.name)} WHERE ${name} IS NOT NULL AND (${value}) IS NULL`,
        ),
      );
      if (row && row.n > 0) {
        throw new Error(
          `${row.n} values of ${before.name}.${column.name} cannot become ${this.#ddl.type(column)}`,
        );
      }
    }
  }

  /** The last number that AUTOINCREMENT gave, also to a row that is gone: it must not be given again. */
  async #lastNumber(table: TableDescription): Promise<number | undefined> {
    if (!table.columns.some(({ type }) => type === "id")) return undefined;
    const row = await this.#executor.first<{ seq: number }>(
      sql`SELECT seq FROM sqlite_sequence WHERE name = ${table.name}`,
    );
    return row?.seq;
  }

  async #keepLastNumber(table: string, seq: number): Promise<void> {
    await this.#executor.run(sql`DELETE FROM sqlite_sequence WHERE name = ${table}`);
    await this.#executor.run(sql`INSERT INTO sqlite_sequence (name, seq) VALUES (${table}, ${seq})`);
  }
}
