import { execFile } from "node:child_process";
import { chown, mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const USER = "postgres";

/** Whom a program runs as; empty: as ourselves. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * PostgreSQL refuses to run as root: there it runs as `postgres`, the user that its package makes.
 *
 * @throws {Error} we are root and there is no such user
 */
export async function postgresOwner(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {};
  try {
    const [uid, gid] = await Promise.all(
      ["-u", "-g"].map(async (option) => Number((await run("id", [option, USER])).stdout)),
    );
    return { uid, gid };
  } catch (cause) {
    throw new Error(
      `PostgreSQL does not run as root, and there is no user "${USER}": run "npm run setup", or start this as another user`,
      { cause },
    );
  }
}

/** Whether any user may pass through the directory and all above it. */
async function isOpenToAll(directory: string): Promise<boolean> {
  for (let place = directory; ; place = path.dirname(place)) {
    const found = await stat(place).catch(() => undefined);
    if (!found || (found.mode & 0o001) === 0) return false;
    if (place === path.dirname(place)) return true;
  }
}

/** A fresh directory (mode 0700) that belongs to `owner`, in a place that this user can reach. */
export async function ownDirectory(prefix: string, owner: Owner): Promise<string> {
  if (owner.uid === undefined || owner.gid === undefined) return mkdtemp(path.join(tmpdir(), prefix));
  for (const place of [tmpdir(), "/tmp", "/var/tmp"]) {
    if (!(await isOpenToAll(place))) continue;
    const directory = await mkdtemp(path.join(place, prefix));
    await chown(directory, owner.uid, owner.gid);
    return directory;
  }
  throw new Error(`no temporary directory is open to the user "${USER}": set TMPDIR to one that is`);
}
