import { createHash } from "node:crypto";
import pg from "pg";

/** What changes the schema, or the connection, is said once; so is what is very long. */
const WORTH_KEEPING = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/;
const MAX_LENGTH = 20_000;
/** Searches can be put in ever new ways, and the server keeps a plan for each. */
const MOST_KEPT = 200;
const MOST_SEEN = 1000;

/**
 * The statements that connections keep prepared, because they are said again and again: to plan a search takes the server about
 * as long as to run it.
 */
export class KeptStatements {
  /** Those that were said at least once, with the names that they are kept under. */
  #seen = new Map<string, string>();
  readonly #kept = new WeakMap<pg.PoolClient, Set<string>>();
  #age = 0;

  query(client: pg.PoolClient, text: string, values: unknown[]): Promise<pg.QueryResult<pg.QueryResultRow>> {
    const name = this.#nameOf(text);
    if (name === undefined) return client.query({ text, values });
    const names = this.#kept.get(client) ?? new Set();
    this.#kept.set(client, names.add(name));
    return client.query({ name, text, values });
  }

  /** Whether a connection keeps so many that a new one should take its place. */
  areTooMany(client: pg.PoolClient): boolean {
    return (this.#kept.get(client)?.size ?? 0) > MOST_KEPT;
  }

  /** A table is no longer what it was: everything is prepared anew, under other names. */
  startAnew(): void {
    this.#age++;
    this.#seen = new Map();
  }

  /** The name of a statement that is worth keeping: not before it is said for the second time. */
  #nameOf(text: string): string | undefined {
    if (text.length > MAX_LENGTH || !WORTH_KEEPING.test(text)) return undefined;
    const known = this.#seen.get(text);
    if (known !== undefined) return known;
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.set(text, `${this.#age}.${createHash("sha256").update(text).digest("base64url")}`);
    return undefined;
  }
}

/** A prepared statement would give columns of other types than when it was prepared: the table was changed since. */
export const isOfOldTable = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === "0A000" && error.routine === "RevalidateCachedQuery";
