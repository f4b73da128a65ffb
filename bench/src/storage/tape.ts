import pg from "pg";
import sqlite3 from "sqlite3";
import type { EngineName } from "./target.js";

/** A statement as it reached the driver. */
export interface TapedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What a unit of work adds to the statements that were asked for. */
const OF_THE_UNIT = /^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SELECT pg_current_xact_id)\b/i;

type Method = (this: never, ...parameters: unknown[]) => unknown;
type Hear = (text: string, values: readonly unknown[]) => void;

/** The driver's methods that run statements, made to tell; and how to make them silent again. */
function listen(
  prototype: Record<string, Method>,
  names: readonly string[],
  tell: (self: unknown, given: unknown[]) => void,
) {
  const originals = names.map((name) => [name, prototype[name]] as const);
  for (const [name, original] of originals) {
    prototype[name] = function (this: never, ...given) {
      tell(this, given);
      return original?.apply(this, given);
    };
  }
  return () => Object.assign(prototype, Object.fromEntries(originals));
}

const drivers: Readonly<Record<EngineName, (hear: Hear) => () => void>> = {
  sqlite: (hear) =>
    listen(
      sqlite3.Statement.prototype as unknown as Record<string, Method>,
      ["all", "run", "get"],
      (self, given) =>
        hear((self as { sql: string }).sql, given.filter((entry) => typeof entry !== "function").flat()),
    ),
  postgres: (hear) =>
    listen(pg.Client.prototype as unknown as Record<string, Method>, ["query"], (_self, [query]) => {
      if (typeof query === "string") hear(query, []);
      else {
        const { text, values = [] } = query as { text: string; values?: unknown[] };
        hear(text, values);
      }
    }),
};

/**
 * Listens at the driver while `work` runs. So the bare side can run literally the same statements with
 * the same values, whatever the product becomes.
 *
 * @returns the statements without those that belong to every unit of work
 */
export async function tape(engine: EngineName, work: () => Promise<unknown>): Promise<TapedStatement[]> {
  const taped: TapedStatement[] = [];
  const stop = drivers[engine]((text, values) => {
    if (!OF_THE_UNIT.test(text)) taped.push({ text, values });
  });
  try {
    await work();
  } finally {
    stop();
  }
  return taped;
}
