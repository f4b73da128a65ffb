import { randomUUID } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { Sequelize } from "sequelize";
import sqlite3 from "sqlite3";
import { BoundTransaction, lendConnections, MODEL_DEFAULTS } from "../bound-transaction.js";
import type { Engine, EngineTransaction } from "../engine.js";
import { ConstraintError } from "../errors.js";
import { closeConnection, openConnection, ReaderPool } from "./connections.js";
import { sqliteDialect } from "./dialect.js";
import { queryAll, queryKept, type SqliteConnection } from "./statements.js";
import { type SharedTransaction, WriteQueue } from "./write-queue.js";

/** A slow read holds one of them, and a thread of libuv's pool: see the README about UV_THREADPOOL_SIZE. */
const READERS = 8;

/**
 * SQLite: one connection writes, one unit of work after the other; a few others read, each on a view of
 * its own. Models run on the connection of the transaction they are given.
 */
export class SqliteEngine implements Engine {
  readonly dialect = sqliteDialect;
  readonly sequelize: Sequelize;
  readonly location: string;
  readonly file: string;
  onCommit: () => void = () => {};
  readonly #writer: SqliteConnection;
  readonly #readers: ReaderPool;
  readonly #queue: WriteQueue<EngineTransaction>;
  #plain: Promise<SqliteConnection> | undefined;

  private constructor(file: string, writer: SqliteConnection) {
    this.file = file;
    this.location = file;
    this.#writer = writer;
    this.#readers = new ReaderPool(file, READERS);
    this.#queue = new WriteQueue<EngineTransaction>(
      () => this.#begin(),
      () => this.onCommit(),
    );
    this.sequelize = new Sequelize({
      dialect: "sqlite",
      dialectModule: sqlite3,
      storage: file,
      logging: false,
      retry: { max: 1 }, // a statement alone must not be tried again: the unit of work is what is whole
      define: MODEL_DEFAULTS,
    });
    // On the writer, a statement outside any transaction would become part of somebody else's unit of work.
    lendConnections(
      this.sequelize,
      () => {
        this.#plain ??= openConnection(this.file, "writer").catch((error: unknown) => {
          this.#plain = undefined; // the next one may be luckier
          throw error;
        });
        return this.#plain;
      },
      () => {},
    );
  }

  static async open(file: string): Promise<SqliteEngine> {
    return new SqliteEngine(file, await openConnection(file, "writer", { create: true }));
  }

  /** Opens a transaction that takes the write lock at once: a deferred one may fail when it first writes. */
  async #begin(): Promise<SharedTransaction<EngineTransaction>> {
    const exec = (statement: string) => queryKept(this.#writer, statement, []).then(() => {});
    await exec("BEGIN IMMEDIATE");
    return {
      run: (work) => this.#bound(this.#writer).use(work),
      savepoint: () => exec("SAVEPOINT unit"),
      release: () => exec("RELEASE unit"),
      rollbackToSavepoint: () => exec("ROLLBACK TO unit").then(() => exec("RELEASE unit")),
      commit: () => exec("COMMIT"),
      rollback: () => exec("ROLLBACK"),
    };
  }

  #bound(connection: SqliteConnection): BoundTransaction {
    return new BoundTransaction(this.sequelize, connection, this.dialect, ({ sql }, values) =>
      queryKept(connection, sql, values),
    );
  }

  write<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  async read<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    const connection = await this.#readers.acquire();
    try {
      await queryKept(connection, "BEGIN", []);
      return await this.#bound(connection).use(work);
    } finally {
      await queryKept(connection, "ROLLBACK", []).catch(() => []); // a failed read may have ended it
      this.#readers.release(connection);
    }
  }

  /** There is one writer: numbers are given in the order of commits. */
  async orderEvents(): Promise<void> {}

  migrateIn<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    return this.#queue.between(async () => {
      // A table is changed by making it anew, and dropping the old one would take along what refers to it.
      await queryAll(this.#writer, "PRAGMA foreign_keys = OFF", []);
      try {
        const step = await this.#begin();
        try {
          const result = await step.run(work);
          const broken = await queryAll<{ table: string }>(this.#writer, "PRAGMA foreign_key_check", []);
          if (broken[0]) throw new ConstraintError(`rows of ${broken[0].table} refer to rows that are gone`);
          await step.commit();
          return result;
        } catch (error) {
          await step.rollback().catch(() => {});
          throw error;
        }
      } finally {
        await queryAll(this.#writer, "PRAGMA foreign_keys = ON", []);
      }
    });
  }

  /** Each step looks again under its own write lock, so two processes may begin at once. */
  holdMigration<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async copyBeside(label: string): Promise<string> {
    const copy = `${this.file}.before-${label.replaceAll(/[^\w.-]/g, "_")}-${Date.now()}-${randomUUID().slice(0, 4)}`;
    const partial = `${copy}.partial`; // a copy that was not finished must not look like one
    try {
      await this.copyTo(partial);
      await rename(partial, copy);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return copy;
  }

  /** Writes a consistent and compact copy of the database into a new file. */
  async copyTo(file: string): Promise<void> {
    const connection = await openConnection(this.file, "writer");
    try {
      await queryAll(connection, "VACUUM INTO ?1", [file]);
    } finally {
      await closeConnection(connection);
    }
  }

  /** Rewrites the file without what was deleted, and tells the planner what the tables hold. */
  async vacuum(): Promise<void> {
    await this.#queue.between(async () => {
      await queryAll(this.#writer, "ANALYZE", []);
      await queryAll(this.#writer, "VACUUM", []); // after which other connections read the statistics anew
      await queryAll(this.#writer, "PRAGMA wal_checkpoint(TRUNCATE)", []);
    });
  }

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

  async close(): Promise<void> {
    await this.#queue.idle();
    await this.#readers.close();
    if (this.#plain) await closeConnection(await this.#plain);
    await queryAll(this.#writer, "PRAGMA optimize", []).catch(() => []);
    await queryAll(this.#writer, "PRAGMA wal_checkpoint(TRUNCATE)", []).catch(() => []);
    await closeConnection(this.#writer);
  }
}
