import { type Executor, sql } from "../sql.js";
import type {
  ColumnDescription,
  ForeignKeyDescription,
  IndexDescription,
  IndexPart,
  OnDelete,
  SchemaDescription,
  TableDescription,
} from "./description.js";
import { defaultValue } from "./expressions.js";
import { logicalType } from "./types.js";

interface ColumnRow {
  table: string;
  name: string;
  type: string;
  collation: string | null;
  not_null: boolean;
  default: string | null;
  identity: boolean;
}

interface ConstraintRow {
  table: string;
  kind: "p" | "u" | "f";
  columns: string;
  other: string | null;
  references: string | null;
  on_delete: string;
}

interface IndexRow {
  table: string;
  name: string;
  unique: boolean;
  parts: string;
  where: string | null;
}

const ACTIONS: Readonly<Record<string, OnDelete>> = {
  a: "NO ACTION",
  r: "RESTRICT",
  c: "CASCADE",
  n: "SET NULL",
  d: "SET DEFAULT",
};

const columnRows = sql`
  SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
    CASE WHEN a.attcollation <> t.typcollation THEN l.collname END AS collation,
    a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS "default", a.attidentity <> '' AS identity
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attgenerated = ''
  ORDER BY c.relname, a.attnum`;

/** Names of columns in the order of an array of their numbers, as JSON. */
const constraintRows = sql`
  SELECT c.relname AS "table", k.contype AS kind, k.confdeltype AS on_delete, f.relname AS other,
    (SELECT json_agg(a.attname ORDER BY n.place)::text FROM unnest(k.conkey) WITH ORDINALITY n(number, place)
       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number) AS columns,
    (SELECT json_agg(a.attname ORDER BY n.place)::text FROM unnest(k.confkey) WITH ORDINALITY n(number, place)
       JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number) AS references
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
  WHERE c.relnamespace = current_schema()::regnamespace AND k.contype IN ('p', 'u', 'f')
  ORDER BY c.relname, k.oid`;

/** Indexes on generated columns are left out with the columns themselves. */
const indexRows = sql`
  SELECT c.relname AS "table", i.relname AS name, x.indisunique AS unique,
    pg_get_expr(x.indpred, x.indrelid) AS where,
    (SELECT json_agg(json_build_object('column', a.attname, 'descending', (x.indoption[n.place - 1] & 1) = 1,
         'expression', CASE WHEN n.number = 0 THEN pg_get_indexdef(x.indexrelid, n.place::int, false) END) ORDER BY n.place)::text
       FROM unnest(x.indkey::int2[]) WITH ORDINALITY n(number, place)
       LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = n.number AND n.number <> 0) AS parts
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
  WHERE c.relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey) AND a.attgenerated <> '')
  ORDER BY i.relname`;

const namesIn = (json: string | null) => JSON.parse(json ?? "[]") as string[];

function indexOf(row: IndexRow): IndexDescription {
  const parts = JSON.parse(row.parts) as { column: string; descending: boolean; expression: string | null }[];
  return {
    name: row.name,
    unique: row.unique,
    parts: parts.map(({ column, descending, expression }): IndexPart => {
      if (expression !== null) return { expression };
      return descending ? { column, descending } : column;
    }),
    ...(row.where !== null && { where: row.where }),
  };
}

function columnOf(row: ColumnRow, foreignKeys: readonly ForeignKeyDescription[]): ColumnDescription {
  const written = row.type.toUpperCase() + (row.collation === null ? "" : ` COLLATE "${row.collation}"`);
  const type = logicalType("postgres", written, {
    identity: row.identity,
    foreignKey: foreignKeys.some(({ columns }) => columns.includes(row.name)),
  });
  const value = defaultValue(row.default, type === "flag");
  return {
    name: row.name,
    type,
    nullable: !row.not_null,
    ...(value !== undefined && { default: value }),
  };
}

/** The tables of a PostgreSQL database, of the schema that new tables go to. Generated columns are left out. */
export async function readPostgresSchema(executor: Executor): Promise<SchemaDescription> {
  const columns = await executor.all<ColumnRow>(columnRows);
  const constraints = await executor.all<ConstraintRow>(constraintRows);
  const indexes = await executor.all<IndexRow>(indexRows);
  const tables = new Map<string, TableDescription>();
  for (const name of new Set(columns.map(({ table }) => table))) {
    const rules = constraints.filter(({ table }) => table === name);
    const foreignKeys = rules
      .filter(({ kind }) => kind === "f")
      .map((row) => ({
        columns: namesIn(row.columns),
        table: String(row.other),
        references: namesIn(row.references),
        onDelete: ACTIONS[row.on_delete] ?? "NO ACTION",
      }));
    tables.set(name, {
      name,
      columns: columns.filter(({ table }) => table === name).map((row) => columnOf(row, foreignKeys)),
      primaryKey: namesIn(rules.find(({ kind }) => kind === "p")?.columns ?? null),
      unique: rules.filter(({ kind }) => kind === "u").map((row) => namesIn(row.columns)),
      foreignKeys,
      indexes: indexes.filter(({ table }) => table === name).map(indexOf),
    });
  }
  return tables;
}
