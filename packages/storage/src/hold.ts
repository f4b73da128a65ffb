import { databaseAddress } from "./open-engine.js";
import { holdServerDatabase } from "./postgres/locks.js";
import { holdFile } from "./sqlite/lock.js";

/**
 * Holds a database for this process against other processes of Larder, as long as it lives. The database
 * need not be there yet.
 *
 * @param onLost the hold was lost to another process (a database server may restart): stop using it
 * @throws {DuplicateError} another process holds it
 * @throws {StorageError} the server cannot be reached
 */
export function holdDatabase(
  url: string,
  onLost: (error: Error) => void,
): Promise<{ release(): Promise<void> }> {
  const address = databaseAddress(url);
  return address.kind === "sqlite"
    ? holdFile(`${address.file}.lock`)
    : holdServerDatabase(address.url, onLost);
}
