import type { Sequelize } from "sequelize";
import { Umzug } from "umzug";
import type { Engine, EngineTransaction } from "./engine.js";
import { StorageError } from "./errors.js";
import { migrations as allMigrations } from "./migrations/index.js";
import type { Migration, MigrationContext } from "./migrations/migration.js";
import { raw, sql } from "./sql.js";

/** What the migrator needs of an engine. */
export type MigratableEngine = Pick<Engine, "sequelize" | "migrateIn" | "holdMigration" | "copyBeside">;

export interface MigrateOptions {
  /** Told before each step that runs. */
  onProgress?: (step: { migration: string; index: number; count: number }) => void;
  /** Other steps than the program's own, for tests. */
  migrations?: readonly Migration[];
}

export interface MigrationReport {
  /** Steps that ran now, oldest first. */
  readonly applied: readonly string[];
  /** The copy made before them, where there was something to copy. */
  readonly copy?: string;
}

interface AppliedRow {
  name: string;
  revision: number;
}

const LOG_TABLE =
  "CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, applied_at BIGINT NOT NULL)";

async function appliedSteps({ executor }: EngineTransaction): Promise<AppliedRow[]> {
  await executor.run(raw(LOG_TABLE));
  return executor.all<AppliedRow>(sql`SELECT name, revision FROM migration ORDER BY name`);
}

/** Refuses a database that this program must not touch. */
function check(applied: readonly AppliedRow[], known: readonly Migration[]): void {
  for (const { name, revision } of applied) {
    const step = known.find((migration) => migration.name === name);
    if (!step) {
      throw new StorageError(
        `the database was written by a newer Larder (it has the migration ${name}): update Larder, or restore an older copy of the database`,
      );
    }
    if (step.revision !== revision) {
      throw new StorageError(
        `the migration ${name} changed after it was applied (revision ${revision} there, ${step.revision} here): this build does not fit this database`,
      );
    }
  }
}

function contextOf(sequelize: Sequelize, unit: EngineTransaction): MigrationContext {
  return {
    queryInterface: sequelize.getQueryInterface(),
    transaction: unit.transaction,
    run: (statement) => unit.executor.run(raw(statement)),
  };
}

/**
 * Brings the database to the schema of this program. Each step runs in a transaction that also
 * records it, and looks again under that transaction's lock whether another process was first.
 *
 * @throws {StorageError} the database is newer than the program, or a step failed (it was undone)
 */
export function migrate(engine: MigratableEngine, options: MigrateOptions = {}): Promise<MigrationReport> {
  return engine.holdMigration(() => migrateAlone(engine, options));
}

async function migrateAlone(engine: MigratableEngine, options: MigrateOptions): Promise<MigrationReport> {
  const known = options.migrations ?? allMigrations;
  const before = await engine.migrateIn(appliedSteps);
  check(before, known);
  const pending = known.filter(({ name }) => !before.some((row) => row.name === name));
  const copy =
    before.length > 0 && pending.length > 0 ? await engine.copyBeside(String(pending[0]?.name)) : undefined;

  const applied: string[] = [];
  const umzug = new Umzug({
    logger: undefined,
    storage: {
      // Each step records itself in its own transaction, below.
      logMigration: async () => {},
      unlogMigration: async () => {},
      executed: async () => (await engine.migrateIn(appliedSteps)).map(({ name }) => name),
    },
    migrations: known.map((step) => ({
      name: step.name,
      up: async () => {
        options.onProgress?.({ migration: step.name, index: known.indexOf(step), count: known.length });
        await engine.migrateIn(async (unit) => {
          if ((await appliedSteps(unit)).some(({ name }) => name === step.name)) return;
          await step.up(contextOf(engine.sequelize, unit));
          await unit.executor.run(
            sql`INSERT INTO migration (name, revision, applied_at) VALUES (${step.name}, ${step.revision}, ${Date.now()})`,
          );
          applied.push(step.name);
        });
      },
    })),
  });
  try {
    await umzug.up();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`migrating the database failed and was undone: ${why}`, { cause: error });
  }
  return { applied, copy };
}
