import type sqlite3 from "sqlite3";

export type SqliteConnection = sqlite3.Database;

/** All rows of a statement that is said once. */
export function queryAll<Row>(
  connection: SqliteConnection,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return new Promise((resolve, reject) =>
    connection.all(sql, values as unknown[], (error: Error | null, rows: Row[]) =>
      error ? reject(error) : resolve(rows),
    ),
  );
}

interface Kept {
  /** The least recently used first. */
  readonly statements: Map<string, sqlite3.Statement>;
  characters: number;
}

/** Statements that a connection keeps prepared. */
const kept = new WeakMap<SqliteConnection, Kept>();

const MOST_KEPT = 100;
/** What changes the schema, or the connection, is said once; so is what is very long. */
const WORTH_KEEPING = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/;
const MAX_LENGTH = 60_000;
/** Those with rows of values are long, there is one for each number of them, and SQLite keeps what was bound to each last. */
const MOST_CHARACTERS = 200_000;

const prepare = (connection: SqliteConnection, sql: string) =>
  new Promise<sqlite3.Statement>((resolve, reject) => {
    const statement = connection.prepare(sql, (error: Error | null) =>
      error ? reject(error) : resolve(statement),
    );
  });

const finalize = (statement: sqlite3.Statement) =>
  new Promise<void>((resolve) => statement.finalize(() => resolve()));

/**
 * All rows of a statement, which stays prepared for the next time: preparing costs as much as many a
 * statement, and a turn of a thread. One statement at a time may run on a connection.
 */
export async function queryKept<Row>(
  connection: SqliteConnection,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  if (!WORTH_KEEPING.test(sql) || sql.length > MAX_LENGTH) return queryAll<Row>(connection, sql, values);
  const mine: Kept = kept.get(connection) ?? { statements: new Map(), characters: 0 };
  kept.set(connection, mine);
  const { statements } = mine;
  const known = statements.get(sql);
  const statement = known ?? (await prepare(connection, sql));
  if (!known) mine.characters += sql.length;
  statements.delete(sql);
  statements.set(sql, statement);
  for (const [oldest, unused] of statements) {
    if (statements.size <= MOST_KEPT && mine.characters <= MOST_CHARACTERS) break;
    statements.delete(oldest);
    mine.characters -= oldest.length;
    void finalize(unused);
  }
  return new Promise<Row[]>((resolve, reject) =>
    statement.all(values as unknown[], (error: Error | null, rows: Row[]) =>
      error ? reject(error) : resolve(rows),
    ),
  );
}

/** Lets go of what a connection keeps; it could not be closed otherwise. */
export async function dropKept(connection: SqliteConnection): Promise<void> {
  const mine = kept.get(connection);
  kept.delete(connection);
  await Promise.all([...(mine?.statements.values() ?? [])].map(finalize));
}
