import { link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { asStorageError, DuplicateError } from "../errors.js";
import { databaseExists } from "./access.js";

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");

/** What SQLite keeps beside a database that is open, or was not closed. */
export const SIDE_FILES = ["-wal", "-shm", "-journal"];

/** Sees to it that what was written, or the entry of a directory, survives a power cut. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a file whole or not at all: it appears under its name when `write` has ended. It is for this user alone.
 *
 * @param write gets the path of an empty file to fill
 * @throws {DuplicateError} there is a file of this name already; it is left alone
 */
export async function makeFile<T>(path: string, write: (partial: string) => Promise<T>): Promise<T> {
  const taken = () =>
    new DuplicateError(`${path} is there already, and is not overwritten: choose another name`);
  if (await databaseExists(`sqlite:${path}`)) throw taken();
  const partial = `${path}.partial-${process.pid}`;
  try {
    await (await open(partial, "wx", 0o600)).close();
    const result = await write(partial);
    await flush(partial);
    await place(partial, path);
    return result;
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw taken();
    throw fileError(error, `writing ${path}`);
  } finally {
    for (const side of ["", ...SIDE_FILES]) await rm(`${partial}${side}`, { force: true });
  }
}

/** Gives a finished file its name, unless another has it by now. */
async function place(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path); // which, unlike renaming, never replaces
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    await rename(partial, path); // a file system without links
  }
  await flush(dirname(path));
}

/** What the system says of a file, in the words of the storage. */
export function fileError(error: unknown, doing: string): Error {
  const words: Readonly<Record<string, string>> = {
    ENOSPC: "SQLITE_FULL", // asStorageError has the words for it
    ENOENT: "there is no such file or directory",
    EACCES: "this user may not do that",
    EPERM: "this user may not do that",
    EROFS: "the file system is read-only",
    EISDIR: "it is a directory",
    ENOTDIR: "a part of the path is no directory",
  };
  const known = words[codeOf(error)];
  return asStorageError(known === undefined ? error : new Error(known, { cause: error }), doing);
}
