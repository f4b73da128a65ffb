import { type Sequelize, Transaction, type TransactionOptions } from "sequelize";
import type { Dialect } from "./dialect.js";
import type { EngineTransaction } from "./engine.js";
import { StorageError } from "./errors.js";
import { bindable, type Executor, type Sql } from "./sql.js";

/** Runs a statement with its values, already {@link bindable}. */
type Query = <Row>(statement: Sql, values: unknown[]) => Promise<Row[]>;

/**
 * A transaction that we have begun ourselves on a connection, as one unit of work or read sees it. Models
 * get a transaction of Sequelize's over the same connection; its own begin and commit would cost a read
 * more than the read itself, so it has neither.
 *
 * The connection goes to somebody else afterwards, so what a unit left running is refused when the unit
 * has ended, or one of its statements has failed: it would be kept without the rest.
 */
export class BoundTransaction implements EngineTransaction {
  readonly executor: Executor;
  readonly #sequelize: Sequelize;
  readonly #connection: object;
  #transaction: Transaction | undefined;
  #failure: unknown;
  #ended = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(sequelize: Sequelize, connection: object, dialect: Dialect, query: Query) {
    this.#sequelize = sequelize;
    this.#connection = connection;
    // A connection carries one statement at a time: those that are given side by side queue here.
    const all = <Row>(statement: Sql): Promise<Row[]> => {
      const running = this.#last.then(() => this.#run<Row>(query, statement));
      this.#last = running.catch(() => {});
      return running;
    };
    this.executor = {
      dialect,
      all,
      first: async <Row>(statement: Sql) => (await all<Row>(statement))[0],
      run: async (statement) => {
        await all(statement);
      },
    };
  }

  get transaction(): Transaction {
    const Bound = Transaction as unknown as new (
      sequelize: Sequelize,
      options: TransactionOptions,
    ) => Transaction;
    this.#transaction ??= Object.assign(new Bound(this.#sequelize, {}), { connection: this.#connection });
    return this.#transaction;
  }

  /**
   * Runs `work` in it, once; begin, commit and rollback are the caller's.
   *
   * @throws {StorageError} a statement failed, and `work` went on as if it had not
   */
  async use<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    try {
      const result = await work(this);
      await this.#end("commit");
      if (this.#failure !== undefined) throw this.#wentOn();
      return result;
    } catch (error) {
      await this.#end("rollback");
      throw error;
    }
  }

  async #run<Row>(query: Query, statement: Sql): Promise<Row[]> {
    if (this.#ended) throw new StorageError("the unit of work that this statement belongs to has ended");
    if (this.#failure !== undefined) throw this.#wentOn();
    const values = bindable(statement.values);
    try {
      return await query<Row>(statement, values);
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  #wentOn(): StorageError {
    return new StorageError("a statement of the unit of work failed, and it went on as if it had not", {
      cause: this.#failure,
    });
  }

  /** Takes no more statements, and waits for the one that runs: what comes next on the connection must not overtake it. */
  async #end(how: "commit" | "rollback"): Promise<void> {
    this.#ended = true;
    if (this.#transaction) Object.assign(this.#transaction, { finished: how }); // which refuses models alike
    await this.#last;
  }
}

/** The part of Sequelize's connection manager that decides which connection a statement runs on. */
interface ConnectionManager<Connection> {
  getConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): void;
  destroyConnection(connection: Connection): Promise<void>;
  close(): Promise<void>;
}

/** Sees to it that Sequelize opens no connection of its own: statements outside our transactions get theirs here. */
export function lendConnections<Connection>(
  sequelize: Sequelize,
  lend: () => Promise<Connection>,
  takeBack: (connection: Connection) => void,
): void {
  const { connectionManager } = sequelize as unknown as { connectionManager: ConnectionManager<Connection> };
  connectionManager.getConnection = lend;
  connectionManager.releaseConnection = takeBack;
  connectionManager.destroyConnection = async (connection) => takeBack(connection);
  connectionManager.close = async () => {};
}

/** How every mapped class is: snake_case, no invented plurals, no time stamps of Sequelize's. */
export const MODEL_DEFAULTS = { timestamps: false, freezeTableName: true, underscored: true } as const;
