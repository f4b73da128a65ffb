import { createHash } from "node:crypto";
import type { Database } from "../database.js";
import type { Dialect } from "../dialect.js";
import { type Executor, sql } from "../sql.js";
import { checkPath, type JsonPath, pathKey } from "./json-path.js";

/** Names of these indexes begin so; the schema's own never do. */
export const PATH_INDEX_PREFIX = "path_";

const SETTING = "search.path_indexes";

const nameOf = (path: JsonPath): string =>
  `${PATH_INDEX_PREFIX}${createHash("sha256").update(pathKey(path)).digest("hex").slice(0, 16)}`;

/** What the database says, which another process may have changed. */
const remembered = async (executor: Executor): Promise<string[]> => {
  const row = await executor.first<{ value: string }>(sql`SELECT value FROM setting WHERE key = ${SETTING}`);
  return row ? (JSON.parse(row.value) as string[]) : [];
};

/** Makes the indexes that the settings tell of: where rows were imported, there are none yet. */
export async function remakePathIndexes(executor: Executor): Promise<void> {
  for (const key of await remembered(executor)) {
    const path = JSON.parse(key) as JsonPath;
    for (const { create } of executor.dialect.pathIndexes(nameOf(path), path)) await executor.run(create);
  }
}

/** The indexes on paths of parsed data, which analysers ask for. */
export class PathIndexes {
  readonly #db: Database;
  readonly #dialect: Dialect;
  #known = new Set<string>();

  constructor(db: Database, dialect: Dialect) {
    this.#db = db;
    this.#dialect = dialect;
  }

  /** Whether searches on this path find an index. */
  has(path: JsonPath): boolean {
    return this.#known.has(pathKey(path));
  }

  /** Reads which indexes there are. */
  async load(): Promise<void> {
    this.#known = new Set(await this.#db.read(({ executor }) => remembered(executor)));
  }

  /**
   * Sees to it that exactly these paths are indexed: makes what is missing, which reads every item once,
   * and drops what nobody asks for any more.
   *
   * @param onProgress told before each index that is made
   * @throws {InvalidQueryError} a path that cannot be followed
   */
  async ensure(paths: readonly JsonPath[], onProgress?: (path: JsonPath) => void): Promise<void> {
    const wanted = new Map(paths.map((path) => [pathKey(path), path]));
    for (const path of wanted.values()) checkPath(path, "indexes");
    await this.load();
    const missing = [...wanted.values()].filter((path) => !this.has(path));
    const surplus = [...this.#known].filter((key) => !wanted.has(key));
    for (const path of missing) {
      onProgress?.(path);
      await this.#db.write(async ({ executor }) => {
        for (const { create } of this.#dialect.pathIndexes(nameOf(path), path)) await executor.run(create);
        await this.#remember(executor, (keys) => keys.add(pathKey(path)));
      });
      this.#known.add(pathKey(path));
    }
    for (const key of surplus) {
      const path = JSON.parse(key) as JsonPath;
      this.#known.delete(key); // first, so that no search names an index that is going
      await this.#db.write(async ({ executor }) => {
        for (const { drop } of this.#dialect.pathIndexes(nameOf(path), path)) await executor.run(drop);
        await this.#remember(executor, (keys) => keys.delete(key));
      });
    }
  }

  async #remember(executor: Executor, change: (keys: Set<string>) => void): Promise<void> {
    const keys = new Set(await remembered(executor));
    change(keys);
    await executor.run(sql`INSERT INTO setting (key, value) VALUES (${SETTING}, ${JSON.stringify([...keys])})
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
  }
}
