import type { Engine, EngineTransaction } from "../engine.js";
import { StorageError } from "../errors.js";
import { appliedSteps } from "../migration-log.js";
import { quoteName } from "../schema/types.js";
import { type Executor, join, raw, type Sql, sql } from "../sql.js";
import { canonicalJson } from "./canonical-json.js";
import {
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ExportEnd,
  type ExportHeader,
  type PortableProgress,
  type PortableReport,
} from "./format.js";
import { highestNumber } from "./numbering.js";
import { type PortableColumn, type PortableTable, portableTables } from "./tables.js";

/** Rows are read in pages of about so many bytes; the memory that an export takes follows from it. */
const PAGE_BYTES = 2 * 1024 * 1024;
const FIRST_PAGE_ROWS = 20;
const MAX_PAGE_ROWS = 5000;

export interface ExportOptions {
  onProgress?: (progress: PortableProgress) => void;
}

/** A value as the database gives it → as it is exported. */
function exported(table: string, { name, kind, queried }: PortableColumn, value: unknown): string {
  switch (kind) {
    case "flag":
      return value === true || value === 1 ? "true" : "false";
    case "json": {
      try {
        const parsed: unknown = JSON.parse(String(value));
        return queried ? canonicalJson(parsed) : JSON.stringify(parsed);
      } catch (cause) {
        throw new StorageError(`cannot export ${table}.${name}: a row holds there what is no JSON`, {
          cause,
        });
      }
    }
    default:
      return JSON.stringify(value);
  }
}

function rowLine(table: PortableTable, row: Readonly<Record<string, unknown>>): string {
  const members = table.columns.flatMap((column) => {
    const value = row[column.name];
    if (value === null || value === undefined) return [];
    return `${JSON.stringify(column.name)}:${exported(table.name, column, value)}`;
  });
  return `{"table":${JSON.stringify(table.name)},"row":{${members.join(",")}}}\n`;
}

/** All rows by primary key, in pages: no page costs more than the first. */
async function* pagesOf(
  executor: Executor,
  table: PortableTable,
): AsyncGenerator<{ lines: string; rows: number }> {
  const quoted = (name: string) => raw(quoteName(executor.dialect.name, name));
  const columns = join(table.columns.map(({ name }) => quoted(name)));
  const key = join(table.primaryKey.map(quoted));
  let after: Sql = sql``;
  for (let limit = FIRST_PAGE_ROWS; ; ) {
    const rows = await executor.all<Record<string, unknown>>(
      sql`SELECT ${columns} FROM ${quoted(table.name)} ${after} ORDER BY ${key} LIMIT ${limit}`,
    );
    const last = rows.at(-1);
    if (!last) return;
    const lines = rows.map((row) => rowLine(table, row)).join("");
    yield { lines, rows: rows.length };
    if (rows.length < limit) return;
    after = sql`WHERE (${key}) > (${join(table.primaryKey.map((name) => last[name]))})`;
    limit = Math.max(1, Math.min(MAX_PAGE_ROWS, Math.floor((PAGE_BYTES / lines.length) * rows.length)));
  }
}

async function countRows(executor: Executor, tables: readonly PortableTable[]): Promise<number> {
  let total = 0;
  for (const { name } of tables) {
    const table = raw(quoteName(executor.dialect.name, name));
    total += (await executor.first<{ n: number }>(sql`SELECT count(*) AS n FROM ${table}`))?.n ?? 0;
  }
  return total;
}

async function writeAll(
  { executor }: EngineTransaction,
  tables: readonly PortableTable[],
  write: (text: string) => Promise<void>,
  onProgress: ExportOptions["onProgress"],
): Promise<PortableReport> {
  const migrations = await appliedSteps(executor);
  const header: ExportHeader = {
    format: EXPORT_FORMAT,
    version: EXPORT_VERSION,
    migrations: migrations.map(({ name, revision }) => ({ name, revision })),
    tables: Object.fromEntries(
      tables.map(({ name, columns }) => [
        name,
        Object.fromEntries(columns.map((column) => [column.name, column.kind])),
      ]),
    ),
  };
  await write(`${JSON.stringify(header)}\n`);
  const total = onProgress && (await countRows(executor, tables));
  const rows: Record<string, number> = {};
  const numbered: Record<string, number> = {};
  let done = 0;
  for (const table of tables) {
    let here = 0;
    for await (const page of pagesOf(executor, table)) {
      await write(page.lines);
      here += page.rows;
      done += page.rows;
      onProgress?.({ table: table.name, rows: done, ...(total !== undefined && { total }) });
    }
    rows[table.name] = here;
    if (table.numbered !== undefined) numbered[table.name] = await highestNumber(executor, table);
  }
  const end: ExportEnd = { rows, numbered };
  await write(`${JSON.stringify(end)}\n`);
  return { rows };
}

/**
 * Exports everything that the database holds, as it is at one moment, whoever writes meanwhile. What an engine makes
 * for itself (indexes of words, say) is not in it.
 *
 * @param write takes the next lines and resolves when there may be more
 * @throws {StorageError} the database cannot be read, is empty, or its server went away meanwhile
 */
export function exportFrom(
  engine: Pick<Engine, "read" | "sequelize">,
  write: (text: string) => Promise<void>,
  { onProgress }: ExportOptions = {},
): Promise<PortableReport> {
  let begun = false;
  return engine.read(async (unit) => {
    // A read is tried again when its connection breaks; what was written stays written.
    if (begun)
      throw new StorageError("the connection to the database was lost during the export", {
        retryable: true,
      });
    const tables = await portableTables(unit.executor, engine.sequelize);
    if (tables.length === 0) throw new StorageError("there is nothing to export: the database is empty");
    begun = true;
    return writeAll(unit, tables, write, onProgress);
  });
}
