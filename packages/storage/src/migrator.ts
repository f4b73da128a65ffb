import { Umzug } from "umzug";
import type { Engine, EngineTransaction } from "./engine.js";
import { StorageError } from "./errors.js";
import {
  type AppliedStep,
  appliedSteps,
  createMigrationTable,
  lockMigrationTable,
  recordStep,
  removeStep,
} from "./migration-log.js";
import { migrations as allMigrations } from "./migrations/index.js";
import type { Migration, MigrationContext } from "./migrations/migration.js";
import { editSchema } from "./schema/edit-schema.js";
import { raw } from "./sql.js";

/** What the migrator needs of an engine. */
export type MigratableEngine = Pick<
  Engine,
  "dialect" | "sequelize" | "read" | "migrateIn" | "holdMigration" | "copyBeside"
>;

/** What is being done: a step, and what of it where it takes long. */
export interface MigrationProgress {
  readonly migration: string;
  /** Of this step among those of the program, from 0. */
  readonly index: number;
  readonly count: number;
  readonly direction: "up" | "down";
  readonly doing?: string;
}

export interface MigrateOptions {
  /** Told before each step that runs, and within long ones. */
  onProgress?: (progress: MigrationProgress) => void;
  /** Other steps than the program's own, for tests. */
  migrations?: readonly Migration[];
}

export interface MigrationReport {
  /** Steps that ran now, in their order. */
  readonly applied: readonly string[];
  /** The copy made before them, where there was something to copy. */
  readonly copy?: string;
}

export interface RollbackReport {
  /** Steps that were undone, newest first. */
  readonly undone: readonly string[];
  readonly copy?: string;
}

/** How a database stands to this program. */
export interface MigrationStatus {
  /** Oldest first. */
  readonly applied: readonly { readonly name: string; readonly revision: number; readonly appliedAt: Date }[];
  /** Steps that are still to run, oldest first. */
  readonly pending: readonly string[];
  /** Applied steps that this program does not have: a newer one wrote them. */
  readonly unknown: readonly string[];
  /** Applied steps whose revision is another one here. */
  readonly changed: readonly string[];
}

function readApplied(engine: Pick<MigratableEngine, "read">): Promise<AppliedStep[]> {
  return engine.read(({ executor }) => appliedSteps(executor));
}

function statusOf(applied: readonly AppliedStep[], known: readonly Migration[]): MigrationStatus {
  const revisions = new Map(known.map(({ name, revision }) => [name, revision]));
  return {
    applied: applied.map(({ name, revision, appliedAt }) => ({ name, revision, appliedAt })),
    pending: known.map(({ name }) => name).filter((name) => !applied.some((step) => step.name === name)),
    unknown: applied.map(({ name }) => name).filter((name) => !revisions.has(name)),
    changed: applied
      .filter(({ name, revision }) => revisions.has(name) && revisions.get(name) !== revision)
      .map(({ name }) => name),
  };
}

/** Refuses a database that this program must not touch. */
function check(applied: readonly AppliedStep[], known: readonly Migration[]): MigrationStatus {
  const status = statusOf(applied, known);
  const [unknown] = status.unknown;
  if (unknown !== undefined) {
    throw new StorageError(
      `the database was written by a newer Larder (it has the migration ${unknown}): update Larder, or restore an older copy of the database`,
    );
  }
  const [changed] = status.changed;
  if (changed !== undefined) {
    const there = applied.find(({ name }) => name === changed)?.revision;
    const here = known.find(({ name }) => name === changed)?.revision;
    throw new StorageError(
      `the migration ${changed} changed after it was applied (revision ${there} there, ${here} here): this build does not fit this database`,
    );
  }
  return status;
}

/** Runs the steps of one call, each in a transaction of its own that records it too. */
class Run {
  readonly #engine: MigratableEngine;
  readonly #known: readonly Migration[];
  readonly #onProgress: MigrateOptions["onProgress"];

  constructor(
    engine: MigratableEngine,
    known: readonly Migration[],
    onProgress: MigrateOptions["onProgress"],
  ) {
    this.#engine = engine;
    this.#known = known;
    this.#onProgress = onProgress;
  }

  /** Steps for Umzug, which tells `done` those that ran; what another process did meanwhile is passed over. */
  umzug(done: (name: string) => void): Umzug {
    return new Umzug({
      logger: undefined,
      storage: {
        // Each step records itself in its own transaction, below.
        logMigration: async () => {},
        unlogMigration: async () => {},
        executed: async () => (await readApplied(this.#engine)).map(({ name }) => name),
      },
      migrations: this.#known.map((step) => {
        const go = async (direction: "up" | "down") => {
          if (await this.#step(step, direction)) done(step.name);
        };
        return { name: step.name, up: () => go("up"), down: () => go("down") };
      }),
    });
  }

  #step(step: Migration, direction: "up" | "down"): Promise<boolean> {
    this.#tell(step, direction);
    return this.#engine.migrateIn(async (unit) => {
      await createMigrationTable(unit.executor);
      await lockMigrationTable(unit.executor);
      const isApplied = (await appliedSteps(unit.executor)).some(({ name }) => name === step.name);
      if (isApplied === (direction === "up")) return false;
      await this.within(unit, step, direction);
      return true;
    });
  }

  /** Runs a step in a transaction that is open already. */
  async within(unit: EngineTransaction, step: Migration, direction: "up" | "down"): Promise<void> {
    await step[direction](this.#context(step, direction, unit));
    await (direction === "up" ? recordStep : removeStep)(unit.executor, step);
  }

  #context(step: Migration, direction: "up" | "down", unit: EngineTransaction): MigrationContext {
    return {
      engine: this.#engine.dialect.name,
      schema: editSchema(unit.executor),
      run: (statement) => unit.executor.run(raw(statement)),
      progress: (doing) => this.#tell(step, direction, doing),
      queryInterface: this.#engine.sequelize.getQueryInterface(),
      transaction: unit.transaction,
    };
  }

  #tell(step: Migration, direction: "up" | "down", doing?: string): void {
    const { length: count } = this.#known;
    const index = this.#known.indexOf(step);
    this.#onProgress?.({
      migration: step.name,
      index,
      count,
      direction,
      ...(doing !== undefined && { doing }),
    });
  }
}

function failure(what: string, error: unknown): StorageError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(`${what} failed and was undone: ${why}`, { cause: error });
}

/** How the database stands to this program; nothing is written. */
export async function migrationStatus(
  engine: Pick<MigratableEngine, "read">,
  known: readonly Migration[] = allMigrations,
): Promise<MigrationStatus> {
  return statusOf(await readApplied(engine), known);
}

/**
 * Brings the database to the schema of this program. Each step runs in a transaction that also
 * records it, and looks again under that transaction's lock whether another process was first.
 *
 * @throws {StorageError} the database is newer than the program, or a step failed (it was undone)
 */
export async function migrate(
  engine: MigratableEngine,
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const known = options.migrations ?? allMigrations;
  return engine.holdMigration(async () => {
    const before = check(await readApplied(engine), known);
    const [next] = before.pending;
    if (next === undefined) return { applied: [] };
    const copy = before.applied.length > 0 ? await engine.copyBeside(next) : undefined;
    const applied: string[] = [];
    try {
      await new Run(engine, known, options.onProgress).umzug((name) => applied.push(name)).up();
    } catch (error) {
      throw failure("migrating the database", error);
    }
    return { applied, copy };
  });
}

/**
 * Empties the database and makes it anew at a step of its schema, all in a transaction of {@link Engine.migrateIn}
 * that is open already.
 *
 * @param wanted names of the steps to run, of those that the program knows
 * @throws {StorageError} the database is not of this program
 */
export async function remakeWithin(
  engine: MigratableEngine,
  unit: EngineTransaction,
  wanted: readonly string[],
): Promise<void> {
  await createMigrationTable(unit.executor);
  await lockMigrationTable(unit.executor);
  const { applied } = check(await appliedSteps(unit.executor), allMigrations);
  const run = new Run(engine, allMigrations, undefined);
  for (const step of allMigrations.toReversed())
    if (applied.some(({ name }) => name === step.name)) await run.within(unit, step, "down");
  for (const step of allMigrations) if (wanted.includes(step.name)) await run.within(unit, step, "up");
}

/** Brings a database to the schema of this program in a transaction of {@link Engine.migrateIn} that is open already. */
export async function migrateWithin(engine: MigratableEngine, unit: EngineTransaction): Promise<void> {
  const { pending } = check(await appliedSteps(unit.executor), allMigrations);
  const run = new Run(engine, allMigrations, undefined);
  for (const step of allMigrations) if (pending.includes(step.name)) await run.within(unit, step, "up");
}

/**
 * Undoes the last step, or every step newer than the one named `to`. Each runs in a transaction that also takes it
 * from the record. What data a step loses when it is undone is said at its `down`; a file is copied beside itself first.
 *
 * @throws {StorageError} the database is not of this program, `to` is no applied step, or a step failed (it was
 *   undone, the ones before it stay)
 */
export async function rollback(
  engine: MigratableEngine,
  options: MigrateOptions & { to?: string } = {},
): Promise<RollbackReport> {
  const known = options.migrations ?? allMigrations;
  return engine.holdMigration(async () => {
    const { applied } = check(await readApplied(engine), known);
    const from =
      options.to === undefined ? applied.length - 2 : applied.findIndex(({ name }) => name === options.to);
    if (options.to !== undefined && from === -1) {
      throw new StorageError(`cannot go back to the migration ${options.to}: the database does not have it`);
    }
    const newer = applied.slice(from + 1);
    const [first] = newer;
    if (!first) return { undone: [] };
    const copy = await engine.copyBeside(`rollback-of-${first.name}`);
    const undone: string[] = [];
    try {
      await new Run(engine, known, options.onProgress)
        .umzug((name) => undone.push(name))
        .down({ migrations: newer.map(({ name }) => name).toReversed() });
    } catch (error) {
      throw failure("rolling the database back", error);
    }
    return { undone, copy };
  });
}
