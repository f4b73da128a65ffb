import { stat } from "node:fs/promises";
import type { Sequelize } from "sequelize";
import { asUnitError, StorageError, UnsupportedDatabaseError } from "./errors.js";
import { appendEvent, ensureEpoch } from "./event-log.js";
import { type MigrateOptions, type MigrationReport, migrate } from "./migrator.js";
import { defineModels, type Models } from "./models/index.js";
import type { Executor } from "./sql.js";
import { type EngineTransaction, SqliteEngine } from "./sqlite/engine.js";
import { WriteQueue } from "./write-queue.js";

export interface DatabaseOptions extends MigrateOptions {
  /** `sqlite:PATH`. */
  readonly url: string;
}

/** One view of the database that does not change while it is used. */
export interface ReadUnit extends EngineTransaction {
  readonly executor: Executor;
}

/** Everything written through it is kept together, or not at all. It must not wait for the network. */
export interface UnitOfWork extends ReadUnit {
  /**
   * Appends an event to the durable log, in this same transaction.
   *
   * @param data ids and small facts; the content is read when the event is delivered
   */
  log(signal: string, accountId: number | undefined, data: Record<string, unknown>): Promise<void>;
}

function fileOf(url: string): string {
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (file !== undefined) return file;
  const scheme = /^[a-z]+:/i.exec(url)?.[0] ?? "none";
  throw new UnsupportedDatabaseError(`cannot use a database URL of the scheme ${scheme}; use sqlite:PATH`);
}

/**
 * The database: one file, migrated when opened, with one writer and several readers that do not wait
 * for each other.
 */
export class Database implements AsyncDisposable {
  readonly file: string;
  readonly models: Models;
  readonly #engine: SqliteEngine;
  readonly #queue: WriteQueue<UnitOfWork>;
  readonly #commitListeners = new Set<() => void>();
  #closing: Promise<void> | undefined;

  private constructor(file: string, engine: SqliteEngine) {
    this.file = file;
    this.#engine = engine;
    this.models = defineModels(engine.sequelize);
    this.#queue = new WriteQueue<UnitOfWork>(
      async () => {
        const shared = await engine.begin();
        return { ...shared, unit: unitOfWork(shared.unit) };
      },
      () => {
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
      },
    );
  }

  /**
   * Opens the database, creating or migrating it.
   *
   * @throws {StorageError} it cannot be opened, is no database, is newer than this program, or a migration failed
   * @throws {UnsupportedDatabaseError} the URL is of another kind
   */
  static async open(options: DatabaseOptions): Promise<{ database: Database; migrated: MigrationReport }> {
    const file = fileOf(options.url);
    const engine = await SqliteEngine.open(file);
    try {
      const database = new Database(file, engine);
      const migrated = await migrate(
        {
          sequelize: engine.sequelize,
          read: (work) => engine.read(work),
          migrateIn: async (work) => {
            await engine.maintain("PRAGMA foreign_keys = OFF");
            try {
              return await database.#queue.run(work);
            } finally {
              await engine.maintain("PRAGMA foreign_keys = ON");
            }
          },
          copyBeside: (label) => copyBeside(engine, file, label),
        },
        options,
      );
      await database.write(({ executor }) => ensureEpoch(executor));
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

  /** Runs a unit of work and resolves after its commit. Inside a running unit it joins that one. */
  async write<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    if (this.#closing) throw new StorageError("the database is closed", { retryable: true });
    return this.#queue.run(work);
  }

  /**
   * Runs a read; it neither waits for the writer nor sees what is not committed. Inside a running unit
   * of work it reads there, and sees what that unit has written.
   */
  async read<T>(work: (unit: ReadUnit) => Promise<T>): Promise<T> {
    const outer = this.#queue.current();
    if (outer) return work(outer);
    if (this.#closing) throw new StorageError("the database is closed", { retryable: true });
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

  /** Bytes of the database file and its log. */
  async size(): Promise<number> {
    const sizes = await Promise.all(
      [this.file, `${this.file}-wal`].map((path) =>
        stat(path).then(
          (entry) => entry.size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Waits for what is running and closes. What comes later is refused. */
  async close(): Promise<void> {
    this.#closing ??= this.#queue.idle().then(() => this.#engine.close());
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function unitOfWork(transaction: EngineTransaction): UnitOfWork {
  return {
    ...transaction,
    log: (signal, accountId, data) => appendEvent(transaction.executor, signal, accountId, data),
  };
}

async function copyBeside(engine: SqliteEngine, file: string, label: string): Promise<string> {
  const copy = `${file}.before-${label.replaceAll(/[^\w.-]/g, "_")}-${Date.now()}`;
  await engine.maintain("VACUUM INTO ?1", [copy]);
  return copy;
}
