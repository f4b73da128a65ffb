import { AsyncLocalStorage } from "node:async_hooks";
import type { Sequelize } from "sequelize";
import type { Engine, EngineTransaction } from "./engine.js";
import { asUnitError, StorageError } from "./errors.js";
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
}

/** A unit of work as long as it runs: what it left behind must not write into a later one. */
interface Running {
  readonly unit: UnitOfWork;
  open: boolean;
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
  readonly #running = new AsyncLocalStorage<Running>();
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
    const outer = this.#current();
    if (outer) return work(outer);
    if (this.#closing) throw closed();
    return this.#engine.write(async (transaction) => {
      const events: NewEvent[] = [];
      const unit: UnitOfWork = {
        executor: transaction.executor,
        get transaction() {
          return transaction.transaction;
        },
        log: async (signal, accountId, data) => void events.push({ signal, accountId, data }),
      };
      const running: Running = { unit, open: true };
      try {
        const result = await this.#running.run(running, () => work(unit));
        if (events.length > 0) {
          await this.#engine.orderEvents(transaction);
          await appendEvents(transaction.executor, events);
        }
        return result;
      } finally {
        running.open = false;
      }
    });
  }

  /**
   * Runs a read; it neither waits for the writer nor sees what is not committed. Inside a running unit
   * of work it reads there, and sees what that unit has written.
   */
  async read<T>(work: (unit: ReadUnit) => Promise<T>): Promise<T> {
    const outer = this.#current();
    if (outer) return work(outer);
    if (this.#closing) throw closed();
    try {
      return await this.#engine.read(work);
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
  size(): Promise<number> {
    return this.#engine.size();
  }

  /** Gives back what deleted rows took, and tells the planner what the tables hold. No unit of work runs meanwhile on SQLite. */
  async vacuum(): Promise<void> {
    try {
      await this.#engine.vacuum();
    } catch (error) {
      throw asUnitError(error, "vacuuming the database");
    }
  }

  /** Waits for what is running and closes. What comes later is refused. */
  async close(): Promise<void> {
    this.#closing ??= this.#engine.close();
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #current(): UnitOfWork | undefined {
    const running = this.#running.getStore();
    return running?.open ? running.unit : undefined;
  }

  #tellCommit(): void {
    for (const listener of this.#commitListeners) {
      try {
        listener();
      } catch (error) {
        // It is the listener's own fault, and must not leave those waiting who wrote.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

const closed = () => new StorageError("the database is closed", { retryable: true });
