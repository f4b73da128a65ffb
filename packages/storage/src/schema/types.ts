import type { ColumnType, DefaultValue, EngineName } from "./description.js";

type OwnType = Extract<ColumnType, string>;

/**
 * The engines' types. Text is ordered by code point on both: so SQLite does by itself. Ids are of 64 bits on
 * PostgreSQL; on SQLite only a column declared INTEGER can be the row's own number.
 */
const TYPES: Readonly<Record<EngineName, Readonly<Record<OwnType, string>>>> = {
  sqlite: {
    id: "INTEGER",
    key: "INTEGER",
    text: "TEXT",
    instant: "BIGINT",
    flag: "TINYINT(1)",
    count: "INTEGER",
    bigint: "BIGINT",
    json: "TEXT",
    "queried-json": "TEXT",
  },
  postgres: {
    id: "BIGINT",
    key: "BIGINT",
    text: 'TEXT COLLATE "C"',
    instant: "BIGINT",
    flag: "BOOLEAN",
    count: "INTEGER",
    bigint: "BIGINT",
    json: 'TEXT COLLATE "C"',
    "queried-json": "JSONB",
  },
};

/** The type as it is written in a statement. */
export function engineType(engine: EngineName, type: ColumnType): string {
  return typeof type === "string" ? TYPES[engine][type] : type.sql;
}

/**
 * The logical type that a column of a database has most likely; several are one type there, and then the one is
 * chosen that makes the same column again.
 */
export function logicalType(
  engine: EngineName,
  sql: string,
  facts: { identity: boolean; foreignKey: boolean },
): ColumnType {
  const type = sql.toUpperCase() === "BOOLEAN" && engine === "sqlite" ? "TINYINT(1)" : sql.toUpperCase();
  const is = (own: OwnType) => TYPES[engine][own].toUpperCase() === type;
  if (facts.identity && is("id")) return "id";
  if (facts.foreignKey && is("key")) return "key";
  const found = (["text", "flag", "count", "bigint", "queried-json"] as const).find(is);
  return found ?? { sql };
}

/** A literal of SQL. */
export function literal(engine: EngineName, value: DefaultValue): string {
  if (typeof value === "boolean")
    return engine === "postgres" ? String(value).toUpperCase() : value ? "1" : "0";
  if (typeof value === "number") return String(value);
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name (table, column, index) as a part of SQL. */
export function quoteName(engine: EngineName, name: string): string {
  return engine === "postgres" ? `"${name.replaceAll('"', '""')}"` : `\`${name.replaceAll("`", "``")}\``;
}
