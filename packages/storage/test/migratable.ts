import type { ExecutionContext } from "ava";
import type { Engine } from "../dist/engine.js";
import { openEngine } from "../dist/open-engine.js";
import { type EngineName, temporaryUrl } from "./support.js";

/** A database without the rest of the storage on top, for tests of what lies below it. */
export interface TestDatabase {
  readonly engine: Engine;
  readonly url: string;
  /** Statements that steps of the schema ran to change something, since this was last emptied. */
  readonly statements: string[];
}

/** Writes down what is run within {@link Engine.migrateIn}. */
function record(engine: Engine, statements: string[]): void {
  const migrateIn = engine.migrateIn.bind(engine);
  engine.migrateIn = (work) =>
    migrateIn(({ executor, transaction }) =>
      work({
        transaction,
        executor: {
          ...executor,
          run: async (statement) => {
            statements.push(statement.text);
            await executor.run(statement);
          },
        },
      }),
    );
}

/** An empty database of the engine. */
export async function emptyDatabase(t: ExecutionContext, name: EngineName): Promise<TestDatabase> {
  const url = await temporaryUrl(t, name);
  const engine = await openEngine(url);
  t.teardown(() => engine.close());
  const statements: string[] = [];
  record(engine, statements);
  return { engine, url, statements };
}
