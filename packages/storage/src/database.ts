import { AsyncLocalStorage } from "node:async_hooks";
import type { Sequelize } from "sequelize";
import type { Engine, EngineTransaction } from "./engine.js";
import { asUnitError, closedError, StorageError } from "./errors.js";
import { appendEvents, ensureEpoch, type NewEvent } from "./event-log.js";
import { type MigrateOptions, type MigrationReport, migrate } from "./migrator.js";
import { defineModels, type Models } from "./models/index.js";
import { openEngine } from "./open-engine.js";
import { PathIndexes } from "./search/path-indexes.js";

export interface DatabaseOptions extends MigrateOptions {
  /** `sqlite:PATH` or `postgres://…`. */
  readonly url: string;
}

/** One view of the database that does not change while it is used. */
export type ReadUnit = EngineTransaction;

/**
 * Everything written through it is kept together, or not at all. It must not wait for the network, nor
 * go on after a statement that failed, and it may be run again from its beginning.
 */
export interface UnitOfWork extends ReadUnit {
  /**
   * Adds an event to the durable log, at the end of this same transaction.
   *
   * @param data ids and small facts; the content is read when the event is delivered
   */
  log(signal: string, accountId: number | undefined, data: Record<string, unknown>): Promise<void>;
  /**
   * Calls back once the unit has ended, kept or not, before its caller hears of that: for what somebody holds of the
   * database in memory.
   */
  ended(callback: () => void): void;
}

/** A unit of work, or a read, as long as it runs: what it left behind must not join it any more. */
interface Running<Unit> {
  readonly unit: Unit;
  open: boolean;
}

/** An event is written at the end of its unit: a promise for each of thousands would cost more than noting it. */
const noted = Promise.resolve();

/** Runs `work` so that what it calls can find the unit it belongs to. */
async function running<Unit, T>(
  units: AsyncLocalStorage<Running<Unit> | undefined>,
  unit: Unit,
  work: () => Promise<T>,
): Promise<T> {
  const entry = { unit, open: true };
  try {
    return await units.run(entry, work);
  } finally {
    entry.open = false;
  }
}

function openIn<Unit>(units: AsyncLocalStorage<Running<Unit> | undefined>): Unit | undefined {
  const entry = units.getStore();
  return entry?.open ? entry.unit : undefined;
}

/**
 * The database, migrated when opened. Units of work are kept whole; reads stand beside them and see one
 * unchanging view.
 */
export class Database implements AsyncDisposable {
  readonly models: Models;
  /** Paths of parsed data that searches find by an index. */
  readonly pathIndexes: PathIndexes;
  readonly #engine: Engine;
  readonly #writing = new AsyncLocalStorage<Running<UnitOfWork> | undefined>();
  readonly #reading = new AsyncLocalStorage<Running<ReadUnit> | undefined>();
  readonly #commitListeners = new Set<() => void>();
  #closing: Promise<void> | undefined;

  private constructor(engine: Engine) {
    this.#engine = engine;
    this.models = defineModels(engine.sequelize);
    this.pathIndexes = new PathIndexes(this, engine.dialect);
    engine.onCommit = () => this.#tellCommit();
  }

  /**
   * Opens the database, creating or migrating it.
   *
   * @throws {StorageError} it cannot be opened, is no database, is newer than this program, or a migration failed
   * @throws {UnsupportedDatabaseError} the URL is of another kind, or the server too old
   */
  static async open(options: DatabaseOptions): Promise<{ database: Database; migrated: MigrationReport }> {
    const engine = await openEngine(options.url);
    try {
      const migrated = await migrate(engine, options);
      const database = new Database(engine);
      await database.write(({ executor }) => ensureEpoch(executor));
      await database.pathIndexes.load();
      return { database, migrated };
    } catch (error) {
      await engine.close().catch(() => {});
      throw error;
    }
  }

  /** For those who want to work with the models themselves. */
  get sequelize(): Sequelize {
    return this.#engine.sequelize;
  }

  /** Where it is, without user and password. */
  get location(): string {
    return this.#engine.location;
  }

  /** Runs a unit of work and resolves after its commit. Inside a running unit it joins that one. */
  async write<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    const outer = openIn(this.#writing);
    if (outer) return work(outer);
    this.#refuseClosed();
    const ended: (() => void)[] = [];
    const ending = this.#engine.write(async (transaction) => {
      const events: NewEvent[] = [];
      const unit: UnitOfWork = {
        executor: transaction.executor,
        get transaction() {
          return transaction.transaction;
        },
        log: (signal, accountId, data) => {
          events.push({ signal, accountId, data });
          return noted;
        },
        ended: (callback) => void ended.push(callback),
      };
      const result = await running(this.#writing, unit, () => work(unit));
      if (events.length > 0) {
        await this.#engine.orderEvents(transaction);
        await appendEvents(transaction.executor, events);
      }
      return result;
    });
    return ending.finally(() => {
      for (const callback of ended) callback();
    });
  }

  /** Whether what is read here belongs to a unit of work or a read that is running, and may not be how things stand now. */
  get isJoined(): boolean {
    return (openIn(this.#writing) ?? openIn(this.#reading)) !== undefined;
  }

  /**
   * Runs a read; it neither waits for the writer nor sees what is not committed. Inside a running unit
   * of work it reads there, and sees what that unit has written; inside another read it has that one's view.
   */
  async read<T>(work: (unit: ReadUnit) => Promise<T>): Promise<T> {
    const outer = openIn(this.#writing) ?? openIn(this.#reading);
    if (outer) return work(outer);
    this.#refuseClosed();
    try {
      return await this.#engine.read((unit) => running(this.#reading, unit, () => work(unit)));
    } catch (error) {
      throw asUnitError(error, "reading the database");
    }
  }

  /** Calls back after every commit; returns how to stop that. */
  onCommit(listener: () => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  /** Bytes on the disk. */
  async size(): Promise<number> {
    this.#refuseClosed();
    try {
      return await this.#engine.size();
    } catch (error) {
      throw asUnitError(error, "measuring the database");
    }
  }

  /**
   * Gives back what deleted rows took, and tells the planner what the tables hold. No unit of work runs meanwhile on SQLite.
   *
   * @throws {StorageError} it failed, or was called inside a unit of work, which it would wait for
   */
  async vacuum(): Promise<void> {
    this.#refuseClosed();
    if (openIn(this.#writing)) throw new StorageError("a unit of work cannot vacuum the database");
    try {
      await this.#engine.vacuum();
    } catch (error) {
      throw asUnitError(error, "vacuuming the database");
    }
  }

  /**
   * Waits for what is running and closes. What comes later is refused.
   *
   * @throws {StorageError} it was called inside a unit of work or a read, which it would wait for
   */
  async close(): Promise<void> {
    if (openIn(this.#writing) ?? openIn(this.#reading))
      throw new StorageError("a unit of work cannot close the database");
    this.#closing ??= this.#engine.close();
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseClosed(): void {
    if (this.#closing) throw closedError();
  }

  #tellCommit(): void {
    for (const listener of this.#commitListeners) {
      try {
        this.#reading.run(undefined, listener); // what it reads is newer than the read that it may be called in
      } catch (error) {
        // It is the listener's own fault, and must not leave those waiting who wrote.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
