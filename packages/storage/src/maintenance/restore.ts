import { createReadStream } from "node:fs";
import { copyFile, link, mkdtemp, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import type { Engine } from "../engine.js";
import { StorageError } from "../errors.js";
import { renewEpoch } from "../event-log.js";
import { databaseAddress } from "../open-engine.js";
import type { PortableReport } from "../portable/format.js";
import { type ImportOptions, importInto, readExport, readHeader } from "../portable/import.js";
import { readLines } from "../portable/lines.js";
import { databaseExists, holdingAlone, sizeOf, withEngine } from "./access.js";
import { exportInto, type WorkOptions } from "./backup.js";
import { checkEngine } from "./check.js";
import { fileError, flush, makeFile, SIDE_FILES } from "./files.js";

const SQLITE_HEAD = "SQLite format 3\0";

const inRows = ({ onProgress }: WorkOptions): Pick<ImportOptions, "onProgress"> =>
  onProgress ? { onProgress: ({ rows }) => onProgress({ done: rows, unit: "rows" }) } : {};

async function kindOf(file: string): Promise<"sqlite" | "export"> {
  try {
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(SQLITE_HEAD.length),
        0,
        SQLITE_HEAD.length,
        0,
      );
      const head = buffer.toString("latin1", 0, bytesRead);
      if (head === SQLITE_HEAD) return "sqlite";
      if (head.startsWith("{")) return "export";
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, `reading ${file}`);
  }
  throw new StorageError(`${file} is neither a database nor an export of Larder`);
}

/** Reads the whole export once without doing anything with it. */
async function checkExport(file: string): Promise<void> {
  const lines = readLines(createReadStream(file));
  const first = await lines.next();
  await readExport(lines, readHeader(first.done ? undefined : first.value), () => {});
}

/** A database file of somebody's is never opened where it lies: that would write beside and into it. */
async function withCopy<T>(file: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "larder-restore-"));
  try {
    const copy = join(directory, "larder.db");
    await copyFile(file, copy);
    return await withEngine(`sqlite:${copy}`, work);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function refuseUnsound(engine: Engine, file: string): Promise<void> {
  const { problems } = await checkEngine(engine, { alone: true });
  const [first] = problems;
  if (first) throw new StorageError(`${file} is not restored: ${first.what}`);
}

/** Puts a finished database in the place of another, which is kept under a new name. */
async function swapIn(made: string, file: string): Promise<string | undefined> {
  if (!(await databaseExists(`sqlite:${file}`))) {
    await rename(made, file);
    await flush(dirname(file));
    return undefined;
  }
  // What stands in its write-ahead log belongs to it. A damaged one cannot be asked to take that in.
  await withEngine(`sqlite:${file}`, async () => {}).catch(() => {});
  const kept = `${file}.replaced-${Date.now()}`;
  for (const side of ["", ...SIDE_FILES]) {
    if (side !== "" && !(await sizeOf(`${file}${side}`))) continue;
    await link(`${file}${side}`, `${kept}${side}`).catch(() => copyFile(`${file}${side}`, `${kept}${side}`));
  }
  for (const side of SIDE_FILES) await rm(`${file}${side}`, { force: true });
  await rename(made, file);
  await flush(dirname(file));
  return kept;
}

export interface RestoreReport {
  /** Where the database that stood there is now (SQLite). */
  readonly kept?: string;
}

/** Makes a database beside the one at `file`, and puts it in its place when it is whole. */
async function replaceFile(file: string, fill: (made: string) => Promise<void>): Promise<RestoreReport> {
  const made = `${file}.new-${process.pid}`;
  try {
    await makeFile(made, fill);
    const kept = await swapIn(made, file);
    return kept === undefined ? {} : { kept };
  } catch (error) {
    throw fileError(error, `writing ${file}`);
  } finally {
    await rm(made, { force: true });
  }
}

async function fillFromDatabase(made: string, source: string): Promise<void> {
  await copyFile(source, made);
  await withEngine(`sqlite:${made}`, async (engine) => {
    await refuseUnsound(engine, source);
    await engine.write(({ executor }) => renewEpoch(executor));
  });
}

async function importFile(engine: Engine, file: string, options: ImportOptions): Promise<PortableReport> {
  return importInto(engine, readLines(createReadStream(file)), options);
}

/** Hands one database's export to another's import as it is made. */
async function pipeInto(engine: Engine, source: Engine, options: ImportOptions): Promise<void> {
  const pipe = new PassThrough();
  const giving = exportInto(source, pipe).then(
    () => void pipe.end(),
    (error: Error) => void pipe.destroy(error),
  );
  try {
    await importInto(engine, readLines(pipe), options);
  } finally {
    pipe.destroy();
    await giving;
  }
}

/**
 * Puts a backup in the place of what the database holds: of either engine, from this program or an older one. The file
 * is checked before anything is touched, and where anything fails, nothing has changed. The database that stood there
 * is kept beside (SQLite), or must be empty unless `replace` is given (PostgreSQL). Cursors given out before are of
 * another event log from then on.
 *
 * @throws {DuplicateError} a daemon has the database
 * @throws {StorageError} the file cannot be restored; the message says why
 */
export function restoreDatabase(
  url: string,
  file: string,
  options: WorkOptions & { readonly replace?: boolean } = {},
): Promise<RestoreReport> {
  return holdingAlone(url, async () => {
    const address = databaseAddress(url);
    const kind = await kindOf(file);
    if (kind === "export") await checkExport(file);
    const { replace = false } = options;
    const rows = { ...inRows(options), replace };
    if (address.kind === "sqlite") {
      return replaceFile(address.file, async (made) => {
        if (kind === "sqlite") await fillFromDatabase(made, file);
        else await withEngine(`sqlite:${made}`, (engine) => importFile(engine, file, rows));
      });
    }
    await withEngine(url, async (engine) => {
      if (kind === "export") await importFile(engine, file, rows);
      else
        await withCopy(file, async (source) => {
          await refuseUnsound(source, file);
          await pipeInto(engine, source, rows);
        });
    });
    return {};
  });
}

/**
 * Fills a database that is new or empty with an export.
 *
 * @param source the export's bytes
 * @throws {DuplicateError} a daemon has the database
 * @throws {StorageError} it is not empty, or the export is not whole; nothing has changed then
 */
export function importDatabase(
  url: string,
  source: AsyncIterable<Uint8Array>,
  options: WorkOptions = {},
): Promise<PortableReport> {
  return holdingAlone(url, async () => {
    const address = databaseAddress(url);
    const fill = (target: string) =>
      withEngine(target, (engine) => importInto(engine, readLines(source), inRows(options)));
    if (address.kind === "postgres" || (await databaseExists(url))) return fill(url);
    return makeFile(address.file, (made) => fill(`sqlite:${made}`));
  });
}
