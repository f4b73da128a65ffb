import sqlite3 from "sqlite3";

/** A database driver with nothing around it: what a hand-written program would use. */
export interface BareDriver {
  /** Runs a statement that is prepared once and kept; its values are bound. */
  all<Row = Record<string, unknown>>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** What the product opens its connections with, so that both sides pay for the same promises. */
export const PRAGMAS =
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000; PRAGMA secure_delete = ON; PRAGMA case_sensitive_like = ON";

class BareSqlite implements BareDriver {
  readonly #connection: sqlite3.Database;
  readonly #prepared = new Map<string, sqlite3.Statement>();

  constructor(connection: sqlite3.Database) {
    this.#connection = connection;
  }

  all<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const statement = this.#prepared.get(text) ?? this.#connection.prepare(text);
    this.#prepared.set(text, statement);
    return new Promise((resolve, reject) =>
      statement.all(values as unknown[], (error: Error | null, rows: Row[]) =>
        error ? reject(error) : resolve(rows),
      ),
    );
  }

  async close(): Promise<void> {
    for (const statement of this.#prepared.values())
      await new Promise<void>((resolve) => statement.finalize(() => resolve()));
    await new Promise<void>((resolve, reject) =>
      this.#connection.close((error) => (error ? reject(error) : resolve())),
    );
  }
}

/** @param pragmas as the product's, unless the file is only being built */
export function openBareSqlite(file: string, pragmas = PRAGMAS): Promise<BareDriver> {
  return new Promise((resolve, reject) => {
    const connection = new sqlite3.Database(file, (openError) => {
      if (openError) return reject(openError);
      connection.exec(pragmas, (error) => (error ? reject(error) : resolve(new BareSqlite(connection))));
    });
  });
}
