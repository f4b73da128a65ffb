import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidParamsError } from "@larder/core";
import { type CreatedMigration, createMigration, Database } from "@larder/storage";

/** Where the migrations' sources are in a checkout. */
const SOURCES = fileURLToPath(new URL("../../../../packages/storage/src/migrations", import.meta.url));

/**
 * Writes the base of a new migration from the difference between the built models and what all migrations make.
 *
 * @throws {InvalidParamsError} there are no sources there, or the name cannot be used
 */
export async function createMigrationFile(name: string, directory = SOURCES): Promise<CreatedMigration> {
  await access(join(directory, "index.ts")).catch((cause) => {
    throw new InvalidParamsError(
      "directory",
      `${directory} has no migrations: this needs a checkout of Larder's source`,
      {
        cause,
      },
    );
  });
  const place = await mkdtemp(join(tmpdir(), "larder-migration-"));
  try {
    const { database } = await Database.open({ url: `sqlite:${join(place, "larder.db")}` });
    try {
      return await createMigration({ name, directory, database });
    } catch (cause) {
      throw new InvalidParamsError("name", cause instanceof Error ? cause.message : String(cause), { cause });
    } finally {
      await database.close();
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
