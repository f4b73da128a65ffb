import type { Sequelize, Transaction } from "sequelize";
import type { Dialect } from "./dialect.js";
import type { Executor } from "./sql.js";

/** What a unit of work, or a read, gets to work with. */
export interface EngineTransaction {
  readonly executor: Executor;
  /** For models: pass it as the `transaction` option. */
  readonly transaction: Transaction;
}

/** One kind of database: how it keeps a unit of work whole, and reads beside it. */
export interface Engine {
  readonly dialect: Dialect;
  /** For models; its statements outside a transaction run on connections of their own. */
  readonly sequelize: Sequelize;
  /** The database in words, without secrets. */
  readonly location: string;
  /**
   * Runs a unit of work in a transaction of its own and resolves after its commit. It may run `work`
   * again from its beginning where another writer was in the way, or the connection was lost.
   */
  write<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T>;
  /** Runs a read on one unchanging view, beside writers and other readers. */
  read<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T>;
  /** Allocates places in the log that are in the order of commits; called last in a unit of work. */
  orderEvents(unit: EngineTransaction): Promise<void>;
  /** Runs one step of the schema in a transaction; what refers to nothing afterwards fails it. */
  migrateIn<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T>;
  /** Runs `work` while no other process migrates this database. */
  holdMigration<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps a copy of the database as it was before the migration named; undefined where the engine cannot. */
  copyBeside(label: string): Promise<string | undefined>;
  /** Gives back what deleted rows took, and tells the planner what the tables hold. */
  vacuum(): Promise<void>;
  /** Bytes on the disk. */
  size(): Promise<number>;
  /** Told after each commit. */
  onCommit: () => void;
  /** Waits for what is running, refuses what comes after, and closes. */
  close(): Promise<void>;
}
