import { constants, open, rename, unlink } from "node:fs/promises";
import { hasCode } from "./error-code.js";

/**
 * Replaces a file that its user alone can read, in one step: a crash leaves the old one or the new one. The new one is made
 * without following a link, so that nothing that somebody has put in its way is written to.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await unlink(temporary).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(temporary, flags, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
