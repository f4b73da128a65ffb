import type { Database } from "../database.js";
import { empty, type Sql, sql } from "../sql.js";
import type { NodeFilter } from "./node-record.js";
import { fits } from "./nodes.js";
import { removeItems, removeNodes } from "./removing-many.js";

/** What is to be removed; conditions hold together. */
export interface PurgeFilter extends NodeFilter {
  readonly createdBefore?: Date;
  readonly updatedBefore?: Date;
}

/** Takes out of the cache what its user no longer wants there. The services are not asked. */
export class CacheRemoval {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Removes nodes with all their items, or, where a time is given, the older items of nodes: what stands before
   * the newest of those in its node then counts as left out.
   *
   * @returns the number of items removed
   */
  purge(filter: PurgeFilter): Promise<number> {
    const { createdBefore, updatedBefore } = filter;
    return this.#db.write(async ({ executor }) => {
      const nodes = sql`SELECT n.id FROM pubsub_node n WHERE ${fits(filter)}`;
      if (!createdBefore && !updatedBefore) {
        const counted = await executor.first<{ n: number | null }>(
          sql`SELECT sum(n.items) AS n FROM pubsub_node n WHERE n.id IN (${nodes})`,
        );
        await removeNodes(executor, sql`id IN (${nodes})`);
        return Number(counted?.n ?? 0);
      }
      const old = sql`i.node_id IN (${nodes}) AND i.position >= 0 ${before(sql`i.created`, createdBefore)} ${before(sql`i.updated`, updatedBefore)}`;
      const found = await executor.all<{ node_id: number; n: number; newest: number | string }>(
        sql`SELECT i.node_id, count(*) AS n, max(i.position) AS newest FROM pubsub_item i WHERE ${old} GROUP BY i.node_id`,
      );
      await removeItems(executor, sql`id IN (SELECT i.id FROM pubsub_item i WHERE ${old})`, empty);
      for (const { node_id, n, newest } of found) {
        const from = Number(newest) + 1;
        await executor.run(sql`
          UPDATE pubsub_node SET items = items - ${n},
            complete_from = CASE WHEN complete_from > ${from} THEN complete_from ELSE ${from} END WHERE id = ${node_id}`);
      }
      return found.reduce((sum, { n }) => sum + Number(n), 0);
    });
  }

  /** Empties the cache; subscriptions stay. */
  reset(): Promise<{ nodes: number; items: number }> {
    return this.#db.write(async ({ executor }) => {
      const counted = await executor.first<{ nodes: number; items: number | null }>(
        sql`SELECT count(*) AS nodes, sum(items) AS items FROM pubsub_node`,
      );
      await removeNodes(executor, sql`TRUE`);
      return { nodes: Number(counted?.nodes ?? 0), items: Number(counted?.items ?? 0) };
    });
  }
}

const before = (column: Sql, time: Date | undefined): Sql =>
  time ? sql`AND ${column} < ${time.getTime()}` : empty;
