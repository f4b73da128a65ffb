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
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
  hidden: number;
}

interface IndexRow {
  name: string;
  unique: number;
  origin: "c" | "u" | "pk";
  sql: string | null;
}

interface KeyRow {
  id: number;
  table: string;
  from: string;
  to: string | null;
  on_delete: OnDelete;
}

/** Splits at commas that stand in no parentheses and no quotes. */
function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === "'" || char === '"' || char === "`") quote = char;
    else if (char === "(") depth++;
    else if (char === ")") depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

/** What stands between the first parenthesis after ` ON ` and its partner, and what follows. */
function indexBody(statement: string): { list: string; rest: string } {
  const open = statement.indexOf("(", statement.search(/\sON\s/i));
  let depth = 0;
  let quote = "";
  for (let at = open; at < statement.length; at++) {
    const char = statement.charAt(at);
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === "'" || char === '"' || char === "`") quote = char;
    else if (char === "(") depth++;
    else if (char === ")" && --depth === 0) {
      return { list: statement.slice(open + 1, at), rest: statement.slice(at + 1) };
    }
  }
  return { list: "", rest: "" };
}

async function readIndex(executor: Executor, row: IndexRow): Promise<IndexDescription> {
  const columns = await executor.all<{ name: string | null; desc: number }>(
    sql`SELECT name, "desc" FROM pragma_index_xinfo(${row.name}) WHERE key = 1 ORDER BY seqno`,
  );
  const { list, rest } = indexBody(row.sql ?? "");
  const texts = splitList(list);
  const parts = columns.map(({ name, desc }, place): IndexPart => {
    if (name === null) return { expression: (texts[place] ?? "").replace(/^\((.*)\)$/s, "$1") };
    return desc ? { column: name, descending: true } : name;
  });
  const where = /^\s*WHERE\s+(.*)$/is.exec(rest)?.[1]?.trim();
  return { name: row.name, parts, unique: row.unique === 1, ...(where !== undefined && { where }) };
}

function readForeignKeys(rows: readonly KeyRow[]): ForeignKeyDescription[] {
  const keys = new Map<number, KeyRow[]>();
  for (const row of rows) keys.set(row.id, [...(keys.get(row.id) ?? []), row]);
  return [...keys.values()].map((group) => ({
    columns: group.map(({ from }) => from),
    table: String(group[0]?.table),
    references: group.map(({ to }) => to ?? "id"),
    onDelete: group[0]?.on_delete ?? "NO ACTION",
  }));
}

/**
 * One table of a SQLite database, or undefined where there is none of that name.
 *
 * @param options.lossless refuse a table that has what a description cannot say (checks, collations, generated columns)
 */
export async function readSqliteTable(
  executor: Executor,
  name: string,
  options: { lossless?: boolean } = {},
): Promise<TableDescription | undefined> {
  const created = await executor.first<{ sql: string }>(
    sql`SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ${name}`,
  );
  if (!created) return undefined;
  const columns = await executor.all<ColumnRow>(sql`SELECT * FROM pragma_table_xinfo(${name}) ORDER BY cid`);
  const words = created.sql.replaceAll(/'(?:[^']|'')*'|`[^`]*`|"[^"]*"/g, "");
  if (options.lossless && /\b(CHECK|COLLATE|GENERATED|WITHOUT|STRICT)\b/i.test(words)) {
    throw new Error(`the table ${name} has rules that a rebuild would lose`);
  }
  const indexes = await executor.all<IndexRow>(
    sql`SELECT l.name, l."unique", l.origin, m.sql FROM pragma_index_list(${name}) l
        LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = l.name ORDER BY l.name`,
  );
  const foreignKeys = readForeignKeys(
    await executor.all<KeyRow>(sql`SELECT * FROM pragma_foreign_key_list(${name}) ORDER BY id DESC, seq`),
  );
  const unique: string[][] = [];
  const own: IndexDescription[] = [];
  for (const row of indexes) {
    if (row.origin === "pk") continue;
    const index = await readIndex(executor, row);
    if (row.origin === "u") unique.push(index.parts.map(String));
    else own.push(index);
  }
  const identity = /\bAUTOINCREMENT\b/i.test(words);
  return {
    name,
    columns: columns
      .filter(({ hidden }) => hidden === 0)
      .map((row): ColumnDescription => {
        const type = logicalType("sqlite", row.type, {
          identity: identity && row.pk === 1,
          foreignKey: foreignKeys.some((key) => key.columns.includes(row.name)),
        });
        const value = defaultValue(row.dflt_value, type === "flag");
        return {
          name: row.name,
          type,
          nullable: row.notnull === 0 && row.pk === 0,
          ...(value !== undefined && { default: value }),
        };
      }),
    primaryKey: columns
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map((row) => row.name),
    unique,
    foreignKeys,
    indexes: own,
  };
}

/** The tables of a SQLite database; virtual ones and what belongs to them are left out. */
export async function readSqliteSchema(executor: Executor): Promise<SchemaDescription> {
  const names = await executor.all<{ name: string }>(
    sql`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  );
  const tables = new Map<string, TableDescription>();
  for (const { name } of names) {
    const table = await readSqliteTable(executor, name);
    if (table) tables.set(name, table);
  }
  return tables;
}
