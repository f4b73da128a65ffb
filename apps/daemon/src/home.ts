import { access, chmod, constants, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type InstancePaths, LarderError } from "@larder/core";
import { databaseAddress } from "@larder/storage";

/** A directory of the instance cannot be used. */
export class HomeNotUsableError extends LarderError {
  override readonly name = "HomeNotUsableError";
  override readonly type = "storage";
}

async function makePrivate(directory: string): Promise<void> {
  try {
    const made = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(directory, 0o700);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why =
      code === "EACCES" || code === "EROFS" || code === "EPERM" ? "is not writable" : "cannot be used";
    throw new HomeNotUsableError(
      `${directory} ${why} (${code}): make it writable for this user, or set LARDER_HOME to another directory`,
      { cause },
    );
  }
}

/**
 * Makes the directories of an instance, readable for its user alone.
 *
 * @throws {HomeNotUsableError} one of them cannot be written to
 */
export async function prepareHome(paths: InstancePaths): Promise<void> {
  const database = databaseAddress(paths.databaseUrl);
  const directories = [
    paths.config,
    paths.data,
    paths.state,
    paths.runtime,
    ...(database.kind === "sqlite" ? [dirname(database.file)] : []),
  ];
  for (const directory of new Set(directories)) await makePrivate(directory);
}
