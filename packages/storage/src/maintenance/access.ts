import { access, constants, stat } from "node:fs/promises";
import type { Engine } from "../engine.js";
import { asUnitError, DuplicateError, StorageError } from "../errors.js";
import { holdDatabase } from "../hold.js";
import { databaseAddress, openEngine } from "../open-engine.js";

const isThere = (path: string) =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  );

/** Whether the database is there; a server's is there when it can be reached, which opening it shows. */
export async function databaseExists(url: string): Promise<boolean> {
  const address = databaseAddress(url);
  return address.kind === "postgres" || isThere(address.file);
}

/** Works on a database that is there, whatever the state of its schema, and closes it. */
export async function withEngine<T>(url: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const address = databaseAddress(url);
  if (address.kind === "sqlite" && !(await isThere(address.file)))
    throw new StorageError(`there is no database at ${address.file}: larderd makes one when it starts`);
  const engine = await openEngine(url);
  try {
    return await work(engine);
  } catch (error) {
    throw asUnitError(error, "using the database");
  } finally {
    await engine.close();
  }
}

/**
 * Works while no daemon has the database.
 *
 * @throws {DuplicateError} one has it
 */
export async function holdingAlone<T>(url: string, work: () => Promise<T>): Promise<T> {
  let held: Awaited<ReturnType<typeof holdDatabase>>;
  try {
    held = await holdDatabase(url, () => {});
  } catch (error) {
    if (error instanceof DuplicateError)
      throw new DuplicateError("a Larder daemon is using this database: stop it first", { cause: error });
    throw error;
  }
  try {
    return await work();
  } finally {
    await held.release();
  }
}

/** Whether a daemon has the database at this moment. */
export async function isHeld(url: string): Promise<boolean> {
  try {
    await (await holdDatabase(url, () => {})).release();
    return false;
  } catch (error) {
    if (error instanceof DuplicateError) return true;
    throw error;
  }
}

/** Bytes of a file; 0 where there is none. */
export const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
