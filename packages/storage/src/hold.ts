import { databaseAddress } from "./open-engine.js";
import { holdServerDatabase } from "./postgres/locks.js";
import { watchFile } from "./sqlite/file-watch.js";
import { holdFile } from "./sqlite/lock.js";

/**
 * Holds a database for this process against other processes of Larder, as long as it lives. The database
 * need not be there yet.
 *
 * @param onLost the hold was lost to another process (a database server may restart), or the file was moved away: stop using it
 * @throws {DuplicateError} another process holds it
 * @throws {StorageError} the server cannot be reached
 */
export async function holdDatabase(
  url: string,
  onLost: (error: Error) => void,
): Promise<{ release(): Promise<void> }> {
  const address = databaseAddress(url);
  if (address.kind !== "sqlite") return holdServerDatabase(address.url, onLost);
  const held = await holdFile(`${address.file}.lock`);
  const stop = watchFile(address.file, onLost);
  return {
    release: () => {
      stop();
      return held.release();
    },
  };
}
