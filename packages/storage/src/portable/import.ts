import type { Engine, EngineTransaction } from "../engine.js";
import { asUnitError, StorageError } from "../errors.js";
import { renewEpoch } from "../event-log.js";
import { migrations as knownMigrations } from "../migrations/index.js";
import { type MigratableEngine, migrateWithin, remakeWithin } from "../migrator.js";
import { quoteName } from "../schema/types.js";
import { remakePathIndexes } from "../search/path-indexes.js";
import { type Executor, raw, sql } from "../sql.js";
import {
  EXPORT_FORMAT,
  EXPORT_VERSION,
  type ExportEnd,
  type ExportHeader,
  type ExportRow,
  type PortableProgress,
  type PortableReport,
} from "./format.js";
import type { Line } from "./lines.js";
import { numberAfter } from "./numbering.js";
import { boundRow, insertRows } from "./rows.js";
import { type PortableTable, portableTables } from "./tables.js";

/** Rows are inserted in statements of about so many characters, and no more than so many rows. */
const BATCH_CHARACTERS = 2 * 1024 * 1024;
const BATCH_ROWS = 2000;

/** Tables that a database has rows in before anybody has used it. */
const ALWAYS_FILLED = new Set(["setting"]);

export interface ImportOptions {
  /** What the database holds goes; without it only an empty one is taken. */
  readonly replace?: boolean;
  onProgress?: (progress: PortableProgress) => void;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const countsIn = (value: unknown): value is Record<string, number> =>
  isRecord(value) && Object.values(value).every((count) => Number.isSafeInteger(count));

function parsed({ number, text }: Line): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // told below
  }
  throw new StorageError(`line ${number} is no JSON object`);
}

/** @throws {StorageError} it is no export, or one that this program cannot read */
export function readHeader(line: Line | undefined): ExportHeader {
  const header = line && parsed(line);
  if (header?.format !== EXPORT_FORMAT) throw new StorageError("this is no export of Larder");
  if (header.version !== EXPORT_VERSION)
    throw new StorageError(
      `the export has version ${String(header.version)} of the format, this program reads ${EXPORT_VERSION}: update Larder`,
    );
  const { migrations, tables } = header;
  const isSteps = Array.isArray(migrations) && migrations.every((step) => isRecord(step));
  if (!isSteps || !isRecord(tables) || !Object.values(tables).every(isRecord))
    throw new StorageError("line 1 is not the first line of an export");
  for (const step of migrations) {
    const known = knownMigrations.find(({ name }) => name === step.name);
    if (!known)
      throw new StorageError(
        `the export was written by a newer Larder (it has the migration ${String(step.name)}): update Larder`,
      );
    if (known.revision !== step.revision)
      throw new StorageError(
        `the migration ${known.name} is another one in the export (revision ${String(step.revision)} there, ${known.revision} here)`,
      );
  }
  return header as unknown as ExportHeader;
}

/** The tables that rows go to, with their values as the header says. */
function tablesOf(header: ExportHeader, there: readonly PortableTable[]): Map<string, PortableTable> {
  const tables = new Map<string, PortableTable>();
  for (const [name, columns] of Object.entries(header.tables)) {
    const table = there.find((candidate) => candidate.name === name);
    if (!table) throw new StorageError(`line 1: there is no table ${name}`);
    for (const [column, kind] of Object.entries(columns)) {
      const target = table.columns.find((candidate) => candidate.name === column);
      if (!target) throw new StorageError(`line 1: the table ${name} has no column ${column}`);
      if (target.kind !== kind)
        throw new StorageError(`line 1: ${name}.${column} is ${target.kind} here and ${String(kind)} there`);
    }
    tables.set(name, table);
  }
  return tables;
}

/** Collects rows of one table and inserts them many at a time. */
class Batches {
  readonly #executor: Executor;
  readonly #rows: ReturnType<typeof boundRow>[] = [];
  #table: PortableTable | undefined;
  #firstLine = 0;
  #lastLine = 0;
  #characters = 0;

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  async add(table: PortableTable, row: ExportRow["row"], line: Line): Promise<void> {
    const isFull = this.#rows.length >= BATCH_ROWS || this.#characters >= BATCH_CHARACTERS;
    if (table !== this.#table || isFull) await this.flush();
    if (this.#rows.length === 0) this.#firstLine = line.number;
    this.#table = table;
    this.#lastLine = line.number;
    this.#characters += line.text.length;
    try {
      this.#rows.push(boundRow(table, row));
    } catch (error) {
      throw error instanceof StorageError ? new StorageError(`line ${line.number}: ${error.message}`) : error;
    }
  }

  async flush(): Promise<void> {
    const rows = this.#rows.splice(0);
    this.#characters = 0;
    if (!this.#table || rows.length === 0) return;
    try {
      await insertRows(this.#executor, this.#table, rows);
    } catch (error) {
      throw asUnitError(error, `importing the lines ${this.#firstLine} to ${this.#lastLine}`);
    }
  }
}

function checkEnd(value: Record<string, unknown>, counted: ReadonlyMap<string, number>): ExportEnd {
  const { rows, numbered } = value;
  if (!countsIn(rows) || !countsIn(numbered)) throw new StorageError("the last line has no counts");
  for (const name of new Set([...counted.keys(), ...Object.keys(rows)])) {
    const [here, there] = [counted.get(name) ?? 0, rows[name] ?? 0];
    if (here !== there)
      throw new StorageError(`the export has ${here} rows of ${name} where it says ${there}: it is damaged`);
  }
  return { rows, numbered };
}

/**
 * Reads the lines of an export to their end.
 *
 * @param onRow told every row, in order
 * @throws {StorageError} it does not end as an export does, or a row is of no table that the header names
 */
export async function readExport(
  lines: AsyncIterator<Line>,
  header: ExportHeader,
  onRow: (row: ExportRow, line: Line) => Promise<void> | void,
): Promise<ExportEnd> {
  const counted = new Map<string, number>();
  let end: ExportEnd | undefined;
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const line = next.value;
    const value = parsed(line);
    if (end) throw new StorageError(`line ${line.number} stands after the end of the export`);
    const { table, row } = value;
    if (typeof table !== "string") {
      end = checkEnd(value, counted);
      continue;
    }
    if (!Object.hasOwn(header.tables, table))
      throw new StorageError(`line ${line.number}: there is no table ${table}`);
    if (!isRecord(row)) throw new StorageError(`line ${line.number} holds no row`);
    counted.set(table, (counted.get(table) ?? 0) + 1);
    await onRow({ table, row }, line);
  }
  if (!end) throw new StorageError("the export ends before its last line: it was cut");
  return end;
}

async function refuseFilled(executor: Executor, tables: readonly PortableTable[]): Promise<void> {
  for (const { name } of tables) {
    if (ALWAYS_FILLED.has(name)) continue;
    if (
      await executor.first(sql`SELECT 1 AS one FROM ${raw(quoteName(executor.dialect.name, name))} LIMIT 1`)
    )
      throw new StorageError(
        `the database is not empty (there are rows in ${name}): import into a new one, or replace this one with larderd db restore --replace`,
      );
  }
}

async function importWithin(
  engine: MigratableEngine,
  unit: EngineTransaction,
  lines: AsyncIterator<Line>,
  { replace = false, onProgress }: ImportOptions,
): Promise<PortableReport> {
  const { executor } = unit;
  const first = await lines.next();
  const header = readHeader(first.done ? undefined : first.value);
  if (!replace) await refuseFilled(executor, await portableTables(executor, engine.sequelize));
  await remakeWithin(
    engine,
    unit,
    header.migrations.map(({ name }) => name),
  );
  const there = await portableTables(executor, engine.sequelize);
  const tables = tablesOf(header, there);
  for (const name of ALWAYS_FILLED)
    if (tables.has(name)) await executor.run(sql`DELETE FROM ${raw(quoteName(executor.dialect.name, name))}`);

  const batches = new Batches(executor);
  let rows = 0;
  const end = await readExport(lines, header, async ({ table: name, row }, line) => {
    const table = tables.get(name);
    if (table) await batches.add(table, row, line);
    rows++;
    if (rows % BATCH_ROWS === 0) onProgress?.({ table: name, rows });
  });
  await batches.flush();
  for (const table of there) await numberAfter(executor, table, end.numbered[table.name] ?? 0);
  await migrateWithin(engine, unit);
  await remakePathIndexes(executor);
  await renewEpoch(executor);
  return { rows: end.rows };
}

/**
 * Fills a database with what {@link exportFrom} wrote, from either engine and at this or an earlier step of the
 * schema, in one transaction: where anything is wrong, nothing has changed. Cursors of the event log that were given
 * out before are of another log from then on.
 *
 * @throws {StorageError} the lines are no whole export that this program can read, or the database is not empty
 * @throws {ConstraintError} a row breaks a rule of the schema
 */
export function importInto(
  engine: Engine,
  lines: AsyncIterator<Line>,
  options: ImportOptions = {},
): Promise<PortableReport> {
  return engine.holdMigration(async () => {
    try {
      return await engine.migrateIn((unit) => importWithin(engine, unit, lines, options));
    } catch (error) {
      throw asUnitError(error, "importing");
    }
  });
}
