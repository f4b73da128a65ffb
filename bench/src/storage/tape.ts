import sqlite3 from "sqlite3";

/** A statement as it reached the driver. */
export interface TapedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const TRANSACTION = /^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

type Runs = (this: { sql: string }, ...parameters: unknown[]) => unknown;

/**
 * Listens at the SQLite driver while `work` runs. So the bare side can run literally the same
 * statements with the same values, whatever the product becomes.
 *
 * @returns the statements without those that begin and end transactions
 */
export async function tape(work: () => Promise<unknown>): Promise<TapedStatement[]> {
  const taped: TapedStatement[] = [];
  const prototype = sqlite3.Statement.prototype as unknown as Record<"all" | "run" | "get", Runs>;
  const { all, run, get } = prototype;
  const listening = (original: Runs): Runs =>
    function (...parameters) {
      const values = parameters.filter((entry) => typeof entry !== "function").flat();
      if (!TRANSACTION.test(this.sql)) taped.push({ text: this.sql, values });
      return original.apply(this, parameters);
    };
  Object.assign(prototype, { all: listening(all), run: listening(run), get: listening(get) });
  try {
    await work();
  } finally {
    Object.assign(prototype, { all, run, get });
  }
  return taped;
}
