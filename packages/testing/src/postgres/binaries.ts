import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { isExecutable, searchPath } from "../process/require-command.js";

/** The oldest PostgreSQL that the storage runs on. */
const OLDEST = 14;
const DEBIAN = "/usr/lib/postgresql"; // one directory a version, none of them in PATH

const run = promisify(execFile);

/** Where `initdb` and `postgres` are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

async function debianDirectories(root: string): Promise<string[]> {
  const versions = await readdir(root).catch(() => []);
  return versions
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => path.join(root, name, "bin"));
}

/**
 * Looks for PostgreSQL 14 or newer in PATH, then among Debian's packages, the newest first.
 *
 * @param packages where Debian's packages put their versions
 * @throws {Error} there is none; the message says what is there and names the remedy
 */
export async function findPostgres(packages = DEBIAN): Promise<PostgresBinaries> {
  const tooOld: string[] = [];
  for (const directory of [...searchPath(), ...(await debianDirectories(packages))]) {
    const binaries = { initdb: path.join(directory, "initdb"), postgres: path.join(directory, "postgres") };
    if (!isExecutable(binaries.initdb) || !isExecutable(binaries.postgres)) continue;
    const { stdout } = await run(binaries.postgres, ["--version"]);
    const version = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    if (Number(version) >= OLDEST) return binaries;
    tooOld.push(stdout.trim());
  }
  const seen = tooOld.length > 0 ? ` (found only ${tooOld.join(", ")})` : "";
  throw new Error(
    `PostgreSQL ${OLDEST} or newer is not installed${seen}: run "npm run setup", or install Debian's package "postgresql"`,
  );
}
