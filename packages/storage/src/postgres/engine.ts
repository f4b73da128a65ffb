import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type Options, Sequelize } from "sequelize";
import type { Sql } from "sql-template-tag";
import { BoundTransaction, lendConnections, MODEL_DEFAULTS } from "../bound-transaction.js";
import type { Engine, EngineTransaction } from "../engine.js";
import { asStorageError, asUnitError, StorageError } from "../errors.js";
import { sql } from "../sql.js";
import { addressOf, checkServer, openPool } from "./connections.js";
import { postgresDialect } from "./dialect.js";
import { failureOf, ofDriver } from "./failures.js";
import { EVENT_ORDER, holdingMigration, LOCKS } from "./locks.js";
import { isOfOldTable, KeptStatements } from "./statements.js";
import { Turns } from "./turns.js";

const WRITERS = 4;
const READERS = 8;
/** For models outside a transaction, and for maintenance. */
const OTHERS = 2;
/** How long a server that is away (restarted, say) is waited for. */
const WAIT_FOR_SERVER_MS = 15_000;
const TRIES_BESIDE_OTHERS = 20;

const WRITE = "BEGIN ISOLATION LEVEL SERIALIZABLE";
const READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const MIGRATE = "BEGIN";

/** The driver knew already that the connection was gone. */
const neverSent = (error: unknown): boolean =>
  error instanceof Error && error.message.endsWith("is not queryable");

/** By which the server knows a transaction, as long as it has not started anew. */
interface CommitMark {
  readonly xid: string | null;
  readonly since: string;
}

/**
 * PostgreSQL: units of work run side by side, each as if it were alone (SERIALIZABLE); one that met
 * another is run again from its beginning.
 */
export class PostgresEngine implements Engine {
  readonly dialect = postgresDialect;
  readonly sequelize: Sequelize;
  readonly location: string;
  onCommit: () => void = () => {};
  readonly #url: string;
  readonly #pool: pg.Pool;
  readonly #writers = new Turns(WRITERS);
  readonly #readers = new Turns(READERS);
  readonly #closing = new AbortController();
  readonly #statements = new KeptStatements();

  private constructor(url: string, pool: pg.Pool, version: string) {
    setMaxListeners(0, this.#closing.signal); // any number of units may wait for the server
    this.#url = url;
    this.#pool = pool;
    this.location = addressOf(url);
    const options: Options & { databaseVersion: string } = {
      dialect: "postgres",
      dialectModule: pg,
      databaseVersion: version, // else Sequelize would connect to find out
      logging: false,
      retry: { max: 1 }, // a statement alone must not be tried again: the unit of work is what is whole
      define: MODEL_DEFAULTS,
    };
    this.sequelize = new Sequelize(options);
    lendConnections(
      this.sequelize,
      () => ofDriver(pool.connect()),
      (client: pg.PoolClient) => client.release(),
    );
  }

  /** @throws {StorageError} the server cannot be reached, or refuses us */
  static async open(url: string): Promise<PostgresEngine> {
    const pool = openPool(url, WRITERS + READERS + OTHERS);
    try {
      return new PostgresEngine(url, pool, await checkServer(pool));
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async write<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    const result = await this.#persist("writing to the database", (conflicts) =>
      this.#writers.run(() => this.#unit(WRITE, work), { alone: conflicts > 0 }),
    );
    this.onCommit();
    return result;
  }

  read<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    return this.#persist("reading the database", () => this.#readers.run(() => this.#unit(READ, work)));
  }

  /** Tries again where that can help: at once after a conflict, for a while where the server is away. */
  async #persist<T>(doing: string, attempt: (conflicts: number) => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + WAIT_FOR_SERVER_MS;
    let conflicts = 0;
    for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
      try {
        return await attempt(conflicts);
      } catch (error) {
        if (isOfOldTable(error)) {
          this.#statements.startAnew(); // and the unit from its beginning
          continue;
        }
        const failure = failureOf(error);
        if (failure === "other" || this.#closing.signal.aborted) throw asUnitError(error, doing);
        if (failure === "conflict" && ++conflicts > TRIES_BESIDE_OTHERS)
          throw new StorageError(`${doing}: other programs were in the way ${conflicts} times`, {
            cause: error,
            retryable: true,
          });
        if (failure === "lost" && Date.now() > giveUpAt) throw asStorageError(error, doing);
        const wait = failure === "lost" ? pause : Math.random() * 20 * conflicts;
        await delay(wait, undefined, { signal: this.#closing.signal }).catch(() => {
          throw asUnitError(error, doing); // the pool is about to end
        });
      }
    }
  }

  async #unit<T>(begin: string, work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    const client = await ofDriver(this.#pool.connect());
    let isClean = false;
    try {
      await ofDriver(client.query(begin));
      try {
        const result = await this.#bound(client, { kept: begin !== MIGRATE }).use(work);
        await (begin === READ ? ofDriver(client.query("COMMIT")) : this.#commit(client));
        isClean = true;
        return result;
      } catch (error) {
        const undo = () =>
          client.query("ROLLBACK").then(
            () => true,
            () => false,
          );
        isClean = failureOf(error) !== "lost" && (await undo());
        throw error;
      }
    } finally {
      client.release(!isClean || this.#statements.areTooMany(client)); // one that may still be in a transaction is closed
    }
  }

  #bound(client: pg.PoolClient, { kept }: { readonly kept: boolean }): BoundTransaction {
    const query = (text: string, values: unknown[]) =>
      kept ? this.#statements.query(client, text, values) : client.query({ text, values });
    return new BoundTransaction(
      this.sequelize,
      client,
      this.dialect,
      async <Row>({ text }: Sql, values: unknown[]) => (await ofDriver(query(text, values))).rows as Row[],
    );
  }

  /** Commits; where the connection is lost meanwhile, the server is asked afterwards how that ended. */
  async #commit(client: pg.PoolClient): Promise<void> {
    const { rows } = await ofDriver(
      client.query<CommitMark>(
        "SELECT pg_current_xact_id_if_assigned()::text AS xid, pg_postmaster_start_time()::text AS since",
      ),
    );
    const [mark] = rows;
    try {
      await ofDriver(client.query("COMMIT"));
    } catch (error) {
      if (failureOf(error) !== "lost" || mark?.xid == null || neverSent(error)) throw error;
      if (!(await this.#wasKept(mark, error))) throw error; // nothing was: it may be tried again
    }
  }

  /** A server that has started anew after a crash may have given the transaction's number to another one. */
  async #wasKept(mark: CommitMark, lost: unknown): Promise<boolean> {
    const giveUpAt = Date.now() + WAIT_FOR_SERVER_MS;
    while (Date.now() < giveUpAt && !this.#closing.signal.aborted) {
      try {
        const { rows } = await ofDriver(
          this.#pool.query<{ status: string | null; since: string }>(
            "SELECT pg_xact_status($1::text::xid8) AS status, pg_postmaster_start_time()::text AS since",
            [mark.xid],
          ),
        );
        if (rows[0]?.since !== mark.since) break;
        const { status } = rows[0];
        if (status === "committed") return true;
        if (status === "aborted") return false;
        if (status !== "in progress") break;
      } catch (error) {
        if (failureOf(error) !== "lost") break;
      }
      await delay(200);
    }
    throw new StorageError(
      "writing to the database: the connection was lost while committing, and whether that was kept is not known",
      { cause: lost, retryable: true },
    );
  }

  /** Numbers are given under a lock that the transaction keeps until others see it: no reader can see a later one first. */
  async orderEvents({ executor }: EngineTransaction): Promise<void> {
    await executor.run(sql`SELECT pg_advisory_xact_lock(${LOCKS}, ${EVENT_ORDER})`);
  }

  migrateIn<T>(work: (unit: EngineTransaction) => Promise<T>): Promise<T> {
    return this.#unit(MIGRATE, work);
  }

  async holdMigration<T>(work: () => Promise<T>): Promise<T> {
    return holdingMigration(this.#url, work);
  }

  /** A step of the schema is undone whole where it fails; a copy is `larderd db backup`. */
  async copyBeside(): Promise<undefined> {
    return undefined;
  }

  /** Frees what was deleted, and tells the planner what the tables hold. */
  async vacuum(): Promise<void> {
    await ofDriver(this.#pool.query("VACUUM (ANALYZE)"));
  }

  async size(): Promise<number> {
    const { rows } = await ofDriver(
      this.#pool.query<{ size: number }>("SELECT pg_database_size(current_database()) AS size"),
    );
    return rows[0]?.size ?? 0;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#readers.refuseWaiting();
    await Promise.all([this.#writers.idle(), this.#readers.idle()]);
    await this.#pool.end();
  }
}
