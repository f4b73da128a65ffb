import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Engine } from "../engine.js";
import { StorageError } from "../errors.js";
import { type ExportOptions, exportFrom } from "../portable/export.js";
import type { PortableReport } from "../portable/format.js";
import { SqliteEngine } from "../sqlite/engine.js";
import { sizeOf, withEngine } from "./access.js";
import { makeFile } from "./files.js";

const LOOK_EVERY_MS = 200;

/** How far a long piece of work is, in whatever it counts. */
export interface WorkProgress {
  readonly done: number;
  readonly total?: number;
  readonly unit: "bytes" | "rows";
}

export interface WorkOptions {
  onProgress?: (progress: WorkProgress) => void;
}

const inRows = ({ onProgress }: WorkOptions): ExportOptions =>
  onProgress
    ? {
        onProgress: ({ rows, total }) =>
          onProgress({ done: rows, unit: "rows", ...(total !== undefined && { total }) }),
      }
    : {};

/** Writes an export into a stream, as fast as that takes it, without ending it. */
export function exportInto(
  engine: Engine,
  stream: Writable,
  options: WorkOptions = {},
): Promise<PortableReport> {
  let failed: Error | undefined;
  const onError = (error: Error) => {
    failed = error;
  };
  stream.on("error", onError);
  const write = async (text: string) => {
    if (failed) throw failed;
    if (!stream.write(text)) await once(stream, "drain");
  };
  return exportFrom(engine, write, inRows(options)).finally(() => stream.off("error", onError));
}

/**
 * Exports the whole database into a stream, as lines of JSON ({@link exportFrom}).
 *
 * @throws {StorageError} it cannot be read
 */
export function exportDatabase(
  url: string,
  stream: Writable,
  options: WorkOptions = {},
): Promise<PortableReport> {
  return withEngine(url, (engine) => exportInto(engine, stream, options));
}

async function exportToFile(engine: Engine, file: string, options: WorkOptions): Promise<PortableReport> {
  const stream = createWriteStream(file, { mode: 0o600 });
  const ended = finished(stream);
  ended.catch(() => {}); // told by the writing, or below
  const report = await exportInto(engine, stream, options);
  stream.end();
  await ended;
  return report;
}

/** As {@link exportDatabase}, into a new file. */
export function exportDatabaseToFile(
  url: string,
  file: string,
  options: WorkOptions = {},
): Promise<PortableReport> {
  return withEngine(url, (engine) => makeFile(file, (partial) => exportToFile(engine, partial, options)));
}

async function copyToFile(engine: SqliteEngine, file: string, { onProgress }: WorkOptions): Promise<void> {
  const total = await engine.size();
  const look = async () => onProgress?.({ done: Math.min(await sizeOf(file), total), total, unit: "bytes" });
  const timer = onProgress && setInterval(() => void look(), LOOK_EVERY_MS); // SQLite itself does not tell
  try {
    await engine.copyTo(file);
  } finally {
    clearInterval(timer);
  }
}

export interface BackupReport {
  readonly file: string;
  /** `sqlite`: a database that can be opened as it is; `export`: lines of JSON. */
  readonly kind: "sqlite" | "export";
  readonly bytes: number;
}

/**
 * Writes a copy of the database as it is at one moment, also while a daemon writes: on SQLite a database, on PostgreSQL
 * an export. It is for this user alone.
 *
 * @throws {DuplicateError} the file is there already
 * @throws {StorageError} the database cannot be read, or the file not written
 */
export function backupDatabase(url: string, file: string, options: WorkOptions = {}): Promise<BackupReport> {
  return withEngine(url, async (engine) => {
    const isFile = engine instanceof SqliteEngine;
    await makeFile(file, async (partial) => {
      if (isFile) await copyToFile(engine, partial, options);
      else await exportToFile(engine, partial, options);
    });
    const bytes = await sizeOf(file);
    if (bytes === 0) throw new StorageError(`writing ${file}: nothing was written`);
    return { file, kind: isFile ? "sqlite" : "export", bytes };
  });
}
