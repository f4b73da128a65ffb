import { access, chmod, constants, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type InstancePaths, LarderError } from "@larder/core";
import { databaseAddress } from "@larder/storage";

/** A directory of the instance cannot be used. */
export class HomeNotUsableError extends LarderError {
  override readonly name = "HomeNotUsableError";
  override readonly type = "storage";
}

const STICKY = 0o1000;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Sees to it that nobody else can put files into a directory: they could take the place of secrets, database or socket.
 *
 * @returns whether others could write to it before
 * @throws {HomeNotUsableError} it is another user's, or shared on purpose
 */
async function takeFromOthers(directory: string): Promise<boolean> {
  const { uid, mode } = await stat(directory);
  const own = process.getuid?.() ?? uid;
  if (uid !== own && uid !== 0)
    throw new HomeNotUsableError(
      `${directory} belongs to another user (${uid}): give it to this one, or set LARDER_HOME to another directory`,
    );
  if ((mode & WRITABLE_BY_OTHERS) === 0) return false;
  if (uid !== own || (mode & STICKY) !== 0)
    throw new HomeNotUsableError(
      `${directory} is writable for other users, who could replace the files in it: set LARDER_HOME to a directory of its own`,
    );
  await chmod(directory, 0o700);
  return true;
}

/** @returns whether others could write to it before */
async function makePrivate(directory: string): Promise<boolean> {
  try {
    const made = await mkdir(directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(directory, 0o700);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return await takeFromOthers(directory);
  } catch (cause) {
    if (cause instanceof HomeNotUsableError) throw cause;
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
 * @returns those that other users could write to until now
 * @throws {HomeNotUsableError} one of them cannot be written to, or others can
 */
export async function prepareHome(paths: InstancePaths): Promise<string[]> {
  const database = databaseAddress(paths.databaseUrl);
  const own = [paths.config, paths.data, paths.state, paths.runtime];
  const directories = new Set([...own, ...(database.kind === "sqlite" ? [dirname(database.file)] : [])]);
  const tightened: string[] = [];
  for (const directory of directories) if (await makePrivate(directory)) tightened.push(directory);
  return tightened;
}
