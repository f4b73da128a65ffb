import { join } from "node:path";
import { type PostgresServer, startPostgres } from "@larder/testing";
import type { ExecutionContext } from "ava";
import pg from "pg";
import { Sequelize, type Transaction } from "sequelize";
import type { MigratableEngine } from "../dist/migrator.js";
import type { EngineName } from "../dist/schema/description.js";
import type { Executor } from "../dist/sql.js";
import { SqliteEngine } from "../dist/sqlite/engine.js";
import { temporaryDirectory } from "./support.js";

/** A database without the rest of the storage on top, for tests of what lies below it. */
export interface TestDatabase extends MigratableEngine {
  readonly name: EngineName;
  readonly url: string;
  /** Statements that were run to change something, since this was last emptied. */
  readonly statements: string[];
}

function recording(executor: Executor, statements: string[]): Executor {
  return {
    ...executor,
    run: async (statement) => {
      statements.push(statement.text);
      await executor.run(statement);
    },
  };
}

async function openSqlite(t: ExecutionContext, file: string): Promise<TestDatabase> {
  const engine = await SqliteEngine.open(file);
  t.teardown(() => engine.close());
  const statements: string[] = [];
  return {
    name: "sqlite",
    url: `sqlite:${file}`,
    statements,
    sequelize: engine.sequelize,
    read: (work) => engine.read(work),
    migrateIn: async (work) => {
      await engine.maintain("PRAGMA foreign_keys = OFF");
      const shared = await engine.begin();
      try {
        const result = await work({ ...shared.unit, executor: recording(shared.unit.executor, statements) });
        await shared.commit();
        return result;
      } catch (error) {
        await shared.rollback();
        throw error;
      } finally {
        await engine.maintain("PRAGMA foreign_keys = ON");
      }
    },
  };
}

function postgresExecutor(transaction: Transaction): Executor {
  const { connection } = transaction as unknown as { connection: pg.Client };
  const all: Executor["all"] = async (statement) =>
    (await connection.query(statement.text, statement.values.length > 0 ? statement.values : undefined)).rows;
  return {
    all,
    first: async <Row>(statement: Parameters<Executor["all"]>[0]) => (await all<Row>(statement))[0],
    run: async (statement) => {
      await all(statement);
    },
  };
}

async function openPostgres(t: ExecutionContext, url: string): Promise<TestDatabase> {
  const sequelize = new Sequelize(url, {
    dialect: "postgres",
    dialectModule: pg,
    logging: false,
    define: { timestamps: false, freezeTableName: true, underscored: true },
  });
  t.teardown(() => sequelize.close());
  const statements: string[] = [];
  const inTransaction: MigratableEngine["read"] = (work) =>
    sequelize.transaction((transaction) =>
      work({ transaction, executor: recording(postgresExecutor(transaction), statements) }),
    );
  return { name: "postgres", url, statements, sequelize, read: inTransaction, migrateIn: inTransaction };
}

let server: Promise<PostgresServer> | undefined;

/** Ends the PostgreSQL that {@link emptyDatabase} may have started; for `test.after.always`. */
export async function stopServer(): Promise<void> {
  await (await server)?.stop();
}

/** An empty database of the engine; PostgreSQL is started once for a test file. */
export async function emptyDatabase(t: ExecutionContext, engine: EngineName): Promise<TestDatabase> {
  if (engine === "sqlite") return openSqlite(t, join(await temporaryDirectory(t), "larder.db"));
  server ??= startPostgres();
  return openPostgres(t, await (await server).createDatabase());
}

export const engines: readonly EngineName[] = ["sqlite", "postgres"];
