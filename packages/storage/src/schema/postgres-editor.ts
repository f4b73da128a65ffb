import { type Executor, raw, sql } from "../sql.js";
import { converted } from "./conversions.js";
import { Ddl } from "./ddl.js";
import type {
  ColumnDescription,
  ForeignKeyDescription,
  IndexDescription,
  TableDescription,
} from "./description.js";
import { type AddColumnOptions, type ChangeColumnOptions, type SchemaEditor, sameNames } from "./editor.js";
import { readPostgresSchema } from "./postgres-reader.js";
import { engineType, literal } from "./types.js";

/** {@link SchemaEditor} by ALTER TABLE. */
export class PostgresEditor implements SchemaEditor {
  readonly engine = "postgres";
  readonly #executor: Executor;
  readonly #ddl = new Ddl("postgres");

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
    { references, fill = column.default }: AddColumnOptions = {},
  ): Promise<void> {
    const foreignKeys = references ? [{ ...references, columns: [column.name] }] : [];
    const filled = fill === undefined ? column : { ...column, default: fill };
    const text = this.#ddl.column(filled, { primaryKey: [], unique: [], foreignKeys });
    await this.#alter(table, `ADD COLUMN ${text}`);
    if (fill !== column.default) await this.#setDefault(table, column);
  }

  async dropColumn(table: string, column: string): Promise<void> {
    // What only mentions the column in a condition or expression is not a part of it for PostgreSQL either, but
    // goes with it; so do keys and unique rules.
    await this.#alter(table, `DROP COLUMN ${this.#ddl.name(column)}`);
  }

  async changeColumn(
    table: string,
    column: ColumnDescription,
    { fill = column.default }: ChangeColumnOptions = {},
  ): Promise<void> {
    const before = (await this.#table(table)).columns.find(({ name }) => name === column.name);
    if (!before) throw new Error(`the table ${table} has no column ${column.name}`);
    const name = this.#ddl.name(column.name);
    // First: the old default may mean nothing in the new type.
    if (before.default !== undefined) await this.#setDefault(table, { ...column, default: undefined });
    const [from, to] = [before, column].map(({ type }) => engineType("postgres", type));
    if (from !== to) {
      const value = converted("postgres", name, before.type, column.type);
      await this.#refuseLost(table, column, value);
      await this.#alter(table, `ALTER COLUMN ${name} TYPE ${to} USING ${value}`);
    }
    if (column.default !== undefined) await this.#setDefault(table, column);
    if (fill !== undefined && !column.nullable && before.nullable) {
      await this.#run(
        `UPDATE ${this.#ddl.name(table)} SET ${name} = ${literal("postgres", fill)} WHERE ${name} IS NULL`,
      );
    }
    if (column.nullable !== before.nullable) {
      await this.#alter(table, `ALTER COLUMN ${name} ${column.nullable ? "DROP" : "SET"} NOT NULL`);
    }
  }

  /** Large values do not stand in the row: only the names are checked. */
  async orderColumns(table: string, first: readonly string[]): Promise<void> {
    const { columns } = await this.#table(table);
    const missing = first.find((name) => !columns.some((column) => column.name === name));
    if (missing !== undefined) throw new Error(`the table ${table} has no column ${missing}`);
  }

  async changePrimaryKey(table: string, columns: readonly string[]): Promise<void> {
    const constraint = await this.#constraint(table, "p", (await this.#table(table)).primaryKey);
    if (constraint !== undefined) await this.#alter(table, `DROP CONSTRAINT ${this.#ddl.name(constraint)}`);
    if (columns.length > 0) await this.#alter(table, `ADD PRIMARY KEY (${this.#ddl.names(columns)})`);
  }

  addUnique(table: string, columns: readonly string[]): Promise<void> {
    return this.#alter(table, `ADD UNIQUE (${this.#ddl.names(columns)})`);
  }

  dropUnique(table: string, columns: readonly string[]): Promise<void> {
    return this.#dropConstraint(table, "u", columns);
  }

  addForeignKey(table: string, key: ForeignKeyDescription): Promise<void> {
    return this.#alter(
      table,
      `ADD FOREIGN KEY (${this.#ddl.names(key.columns)})${this.#ddl.references(key)}`,
    );
  }

  dropForeignKey(table: string, columns: readonly string[]): Promise<void> {
    return this.#dropConstraint(table, "f", columns);
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

  #alter(table: string, change: string): Promise<void> {
    return this.#run(`ALTER TABLE ${this.#ddl.name(table)} ${change}`);
  }

  #setDefault(table: string, column: ColumnDescription): Promise<void> {
    const change = column.default === undefined ? "DROP DEFAULT" : `SET${this.#ddl.default(column)}`;
    return this.#alter(table, `ALTER COLUMN ${this.#ddl.name(column.name)} ${change}`);
  }

  async #table(name: string): Promise<TableDescription> {
    const table = (await readPostgresSchema(this.#executor)).get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
  }

  /** Values that the new type has no word for would become null: the step fails instead. */
  async #refuseLost(table: string, column: ColumnDescription, value: string): Promise<void> {
    const name = this.#ddl.name(column.name);
    const row = await this.#executor.first<{ n: number }>(
      raw(
        `SELECT count(*)::int AS n FROM ${this.#ddl.name(table)} WHERE ${name} IS NOT NULL AND (${value}) IS NULL`,
      ),
    );
    if (row && row.n > 0) {
      throw new Error(`${row.n} values of ${table}.${column.name} cannot become ${this.#ddl.type(column)}`);
    }
  }

  async #dropConstraint(table: string, kind: "u" | "f", columns: readonly string[]): Promise<void> {
    const constraint = await this.#constraint(table, kind, columns);
    if (constraint === undefined)
      throw new Error(`the table ${table} has no such rule on ${columns.join(", ")}`);
    await this.#alter(table, `DROP CONSTRAINT ${this.#ddl.name(constraint)}`);
  }

  async #constraint(
    table: string,
    kind: "p" | "u" | "f",
    columns: readonly string[],
  ): Promise<string | undefined> {
    const rows = await this.#executor.all<{ name: string; columns: string }>(sql`
      SELECT k.conname AS name,
        (SELECT json_agg(a.attname ORDER BY n.place)::text FROM unnest(k.conkey) WITH ORDINALITY n(number, place)
           JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number) AS columns
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ${table} AND k.contype = ${kind}`);
    return rows.find((row) => sameNames(JSON.parse(row.columns) as string[], columns))?.name;
  }
}
