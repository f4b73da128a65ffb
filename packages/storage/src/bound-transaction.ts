import { type Sequelize, Transaction, type TransactionOptions } from "sequelize";
import type { EngineTransaction } from "./engine.js";
import type { Executor } from "./sql.js";

/**
 * A transaction that we have begun ourselves on a connection, as units of work and reads see it. Models
 * get a transaction of Sequelize's over the same connection; its own begin and commit would cost a read
 * more than the read itself, so it has neither.
 */
export class BoundTransaction implements EngineTransaction {
  readonly executor: Executor;
  readonly #sequelize: Sequelize;
  readonly #connection: object;
  #transaction: Transaction | undefined;

  constructor(sequelize: Sequelize, connection: object, executor: Executor) {
    this.#sequelize = sequelize;
    this.#connection = connection;
    this.executor = executor;
  }

  get transaction(): Transaction {
    const Bound = Transaction as unknown as new (
      sequelize: Sequelize,
      options: TransactionOptions,
    ) => Transaction;
    this.#transaction ??= Object.assign(new Bound(this.#sequelize, {}), { connection: this.#connection });
    return this.#transaction;
  }

  /** A late statement of a model is refused from now on: it must not end up in somebody else's transaction. */
  end(how: "commit" | "rollback"): void {
    if (this.#transaction) Object.assign(this.#transaction, { finished: how });
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
