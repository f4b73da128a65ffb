import { createHash } from "node:crypto";
import type pg from "pg";

/** What changes the schema, or the connection, is said once; so is what is very long. */
const WORTH_KEEPING = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/;
const MAX_LENGTH = 20_000;
/** Searches can be put in ever new ways, and the server keeps a plan for each. */
const MOST_KEPT = 200;
const MOST_SEEN = 1000;

/** Statements that were said at least once, with the names that they are kept under. */
const seen = new Map<string, string>();
const kept = new WeakMap<pg.PoolClient, Set<string>>();

/** The name of a statement that is worth keeping: not before it is said for the second time. */
function nameOf(text: string): string | undefined {
  if (text.length > MAX_LENGTH || !WORTH_KEEPING.test(text)) return undefined;
  const known = seen.get(text);
  if (known !== undefined) return known;
  if (seen.size >= MOST_SEEN) seen.clear();
  seen.set(text, createHash("sha256").update(text).digest("base64url"));
  return undefined;
}

/**
 * Says a statement, which stays prepared where it is said again and again: to plan a search takes the server about as long as
 * to run it.
 */
export function queryKept(
  client: pg.PoolClient,
  text: string,
  values: unknown[],
): Promise<pg.QueryResult<pg.QueryResultRow>> {
  const name = nameOf(text);
  if (name === undefined) return client.query({ text, values });
  const names = kept.get(client) ?? new Set();
  kept.set(client, names.add(name));
  return client.query({ name, text, values });
}

/** Whether a connection keeps so many statements that a new one should take its place. */
export const keepsTooMany = (client: pg.PoolClient): boolean => (kept.get(client)?.size ?? 0) > MOST_KEPT;
