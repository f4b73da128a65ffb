import type { SearchedTable } from "../dialect.js";
import { type Executor, type Sql, sql } from "../sql.js";

/** Fewer are removed one by one, and the index is not measured before. */
const MANY = 50;
/** Overwriting the words of one row takes about as long as writing those of so many into an index made anew. */
const ROWS_OF_ONE = 20;

/**
 * Removes rows whose texts are searched. FTS5 overwrites what is removed word by word, 1 to 3 ms for a post; where
 * many go at once, the index is rather made anew without them, in the same unit of work.
 *
 * @param doomed a statement that gives the number of rows as `n`
 * @param remove removes them, also by way of what they belong to
 */
export async function removingMany<T>(
  executor: Executor,
  table: SearchedTable,
  doomed: Sql,
  remove: () => Promise<T>,
): Promise<T> {
  const bulk = executor.dialect.bulkRemoval(table);
  const rows = bulk ? await numberOf(executor, doomed) : 0;
  if (!bulk || rows < MANY || rows * ROWS_OF_ONE < (await numberOf(executor, bulk.size))) return remove();
  await executor.run(bulk.begin);
  const removed = await remove();
  for (const statement of bulk.end) await executor.run(statement);
  return removed;
}

/**
 * Removes the items for which a condition holds, however many.
 *
 * @param returning their columns that are wanted
 * @param atMost how many it can be, where that is known
 */
export function removeItems<Row>(
  executor: Executor,
  where: Sql,
  returning: Sql,
  atMost = Number.POSITIVE_INFINITY,
): Promise<Row[]> {
  if (atMost < MANY) return executor.all<Row>(sql`DELETE FROM pubsub_item WHERE ${where} ${returning}`);
  return removingMany(
    executor,
    "pubsub_item",
    sql`SELECT count(*) AS n FROM pubsub_item WHERE ${where}`,
    () => executor.all<Row>(sql`DELETE FROM pubsub_item WHERE ${where} ${returning}`),
  );
}

/** Removes the nodes for which a condition holds, with their items. */
export function removeNodes(executor: Executor, where: Sql): Promise<void> {
  const items = sql`SELECT count(*) AS n FROM pubsub_item
    WHERE node_id IN (SELECT pubsub_node.id FROM pubsub_node WHERE ${where})`;
  return removingMany(executor, "pubsub_item", items, () =>
    executor.run(sql`DELETE FROM pubsub_node WHERE ${where}`),
  );
}

async function numberOf(executor: Executor, statement: Sql): Promise<number> {
  return Number((await executor.first<{ n: number | string | null }>(statement))?.n ?? 0);
}
