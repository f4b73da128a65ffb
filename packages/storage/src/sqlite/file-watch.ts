import { stat } from "node:fs/promises";
import { StorageError } from "../errors.js";

const LOOK_EVERY_MS = 1000;

/**
 * Notices that a database's file is no longer the one that was opened: what is written then goes to a file without a name,
 * and is lost with the process.
 *
 * @param onLost called once
 * @returns stops looking
 */
export function watchFile(path: string, onLost: (error: Error) => void, everyMs = LOOK_EVERY_MS): () => void {
  let opened: string | undefined;
  const look = async () => {
    const found = await stat(path).then(
      ({ dev, ino }) => `${dev} ${ino}`,
      () => undefined,
    );
    if (opened === undefined) {
      opened = found; // it may not have been made yet
      return;
    }
    if (found === opened) return;
    clearInterval(timer);
    const what = found === undefined ? "is no longer there" : "is another file now";
    onLost(new StorageError(`${path} ${what}: put back the one that was open, then start again`));
  };
  void look();
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
