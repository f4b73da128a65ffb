import { Sequelize, Transaction } from "sequelize";
import type { Sql } from "sql-template-tag";
import sqlite3 from "sqlite3";
import type { Executor } from "../sql.js";
import type { SharedTransaction } from "../write-queue.js";
import {
  closeConnection,
  openConnection,
  queryAll,
  ReaderPool,
  type SqliteConnection,
} from "./connections.js";

/** What a unit of work, or a read, gets to work with. */
export interface EngineTransaction {
  readonly executor: Executor;
  /** For models: pass it as the `transaction` option. */
  readonly transaction: Transaction;
}

/** The part of Sequelize's connection manager that decides which connection a transaction runs on. */
interface ConnectionManager {
  getConnection(options?: { uuid?: string; type?: string }): Promise<SqliteConnection>;
  releaseConnection(connection: SqliteConnection & { uuid?: string }): void;
  destroyConnection(connection: SqliteConnection): Promise<void>;
  close(): Promise<void>;
}

function executorOn(connection: SqliteConnection): Executor {
  const all = <Row>(statement: Sql) => queryAll<Row>(connection, statement.sql, statement.values);
  return {
    all,
    first: async <Row>(statement: Sql) => (await all<Row>(statement))[0],
    run: async (statement) => {
      await all(statement);
    },
  };
}

const READERS = 4;

/**
 * SQLite behind Sequelize, on connections of our own: Sequelize opens a connection for every
 * transaction and shares one among all plain reads, and its connection hooks do not fire here. So
 * writing transactions run on the one writer, reading ones on the reader pool.
 */
export class SqliteEngine {
  readonly sequelize: Sequelize;
  readonly #file: string;
  readonly #writer: SqliteConnection;
  #plain: Promise<SqliteConnection> | undefined;
  readonly #readers: ReaderPool;

  private constructor(file: string, writer: SqliteConnection) {
    this.#file = file;
    this.#writer = writer;
    this.#readers = new ReaderPool(file, READERS);
    this.sequelize = new Sequelize({
      dialect: "sqlite",
      dialectModule: sqlite3,
      storage: file,
      logging: false,
      retry: { max: 1 }, // a statement alone must not be tried again: the unit of work is what is whole
      define: { timestamps: false, freezeTableName: true, underscored: true },
    });
    const manager = (this.sequelize as unknown as { connectionManager: ConnectionManager }).connectionManager;
    manager.getConnection = async (options) => {
      if (options?.uuid === undefined || options.uuid === "default") return this.#outside();
      return options.type === "SELECT" ? this.#readers.acquire() : this.#writer;
    };
    manager.releaseConnection = (connection) => {
      if (this.#readers.owns(connection)) this.#readers.release(connection);
    };
    manager.destroyConnection = async (connection) => manager.releaseConnection(connection);
    manager.close = async () => {};
  }

  /**
   * A connection for whoever uses a model outside any transaction: on the writer such a statement would
   * become part of somebody else's unit of work.
   */
  #outside(): Promise<SqliteConnection> {
    this.#plain ??= openConnection(this.#file, "writer");
    return this.#plain;
  }

  static async open(file: string): Promise<SqliteEngine> {
    return new SqliteEngine(file, await openConnection(file, "writer"));
  }

  /** Opens a transaction that takes the write lock at once: a deferred one may fail when it first writes. */
  async begin(): Promise<SharedTransaction<EngineTransaction>> {
    const transaction = await this.sequelize.transaction({ type: Transaction.TYPES.IMMEDIATE });
    const executor = executorOn(this.#writer);
    const exec = (statement: string) => queryAll(this.#writer, statement, []).then(() => {});
    return {
      unit: { executor, transaction },
      savepoint: () => exec("SAVEPOINT unit"),
      release: () => exec("RELEASE unit"),
      rollbackToSavepoint: () => exec("ROLLBACK TO unit; ").then(() => exec("RELEASE unit")),
      commit: () => transaction.commit(),
      rollback: () => transaction.rollback(),
    };
  }

  /** Runs a read on one unchanging view of the database, beside the writer and other readers. */
  async read<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    const transaction = await this.sequelize.transaction({
      readOnly: true,
      type: Transaction.TYPES.DEFERRED,
    });
    const connection = (transaction as unknown as { connection: SqliteConnection }).connection;
    try {
      return await work({ executor: executorOn(connection), transaction });
    } finally {
      await transaction.rollback();
    }
  }

  /** Runs `work` on the writer outside any transaction (VACUUM and the like); the caller holds the queue. */
  async maintain(statement: string, values: readonly unknown[] = []): Promise<void> {
    await queryAll(this.#writer, statement, values);
  }

  async close(): Promise<void> {
    await this.#readers.close();
    if (this.#plain) await closeConnection(await this.#plain);
    await queryAll(this.#writer, "PRAGMA wal_checkpoint(TRUNCATE)", []).catch(() => []);
    await closeConnection(this.#writer);
  }
}
