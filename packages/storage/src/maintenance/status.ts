import { type MigrationStatus, migrationStatus } from "../migrator.js";
import { databaseAddress } from "../open-engine.js";
import { databaseExists, isHeld, withEngine } from "./access.js";

export interface DatabaseStatus {
  readonly engine: "sqlite" | "postgres";
  /** Where it is, without user and password. */
  readonly location: string;
  /**
   * `absent`: there is none; `empty`: it has no tables of ours; `older` and `newer` than this program; `changed`: it was
   * made by a build whose migrations were others; `current`
   */
  readonly state: "absent" | "empty" | "older" | "current" | "newer" | "changed";
  readonly migrations: MigrationStatus;
  /** Bytes on the disk. */
  readonly size: number;
  /** A daemon is using it. */
  readonly inUse: boolean;
}

const NOTHING: MigrationStatus = { applied: [], pending: [], unknown: [], changed: [] };

function stateOf({ applied, pending, unknown, changed }: MigrationStatus): DatabaseStatus["state"] {
  if (unknown.length > 0) return "newer";
  if (changed.length > 0) return "changed";
  if (applied.length === 0) return "empty";
  return pending.length > 0 ? "older" : "current";
}

/**
 * How the database stands to this program; nothing in it is changed.
 *
 * @throws {StorageError} it cannot be read
 */
export async function databaseStatus(url: string): Promise<DatabaseStatus> {
  const address = databaseAddress(url);
  if (address.kind === "sqlite" && !(await databaseExists(url)))
    return {
      engine: "sqlite",
      location: address.file,
      state: "absent",
      migrations: NOTHING,
      size: 0,
      inUse: false,
    };
  return withEngine(url, async (engine) => {
    const migrations = await migrationStatus(engine);
    return {
      engine: engine.dialect.name,
      location: engine.location,
      state: stateOf(migrations),
      migrations,
      size: await engine.size(),
      inUse: await isHeld(url),
    };
  });
}
