import type { Database } from "../database.js";
import { type Executor, empty, type Sql, sql } from "../sql.js";
import { AFTER_ALL_PAGES, unplaced } from "./item-writing.js";
import { removeItems } from "./removing-many.js";

/** What is kept of a node at most. */
export interface ItemLimits {
  /** The newest so many. */
  readonly items?: number;
  /** The newest that have so many characters of XML together. */
  readonly bytes?: number;
  /** Those that were first seen, or seen in this version, since then. */
  readonly since?: Date;
}

/** What has to be known and done to keep a node's items equal to its service's, and within limits. */
export class ItemCare {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Ids of the visible items of a node, oldest first, with the number of the reading or absence that saw them last. */
  order(nodeId: number): Promise<{ itemId: string; generation: number }[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ item_id: string; generation: number }>(
        sql`SELECT item_id, generation FROM pubsub_item WHERE node_id = ${nodeId} AND position >= 0 ORDER BY position`,
      );
      return rows.map((row) => ({ itemId: row.item_id, generation: row.generation }));
    });
  }

  /** Ids of the items that a synchronisation has seen so far. */
  seenBy(nodeId: number, generation: number): Promise<Set<string>> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ item_id: string }>(
        sql`SELECT item_id FROM pubsub_item WHERE node_id = ${nodeId} AND generation = ${generation}`,
      );
      return new Set(rows.map((row) => row.item_id));
    });
  }

  /**
   * Makes these the newest items of their node, in this order, as seen by the reading or absence that is under way, whose
   * pages they stand behind; those that are not there are passed over.
   */
  moveToEnd(nodeId: number, itemIds: readonly string[]): Promise<void> {
    if (itemIds.length === 0) return Promise.resolve();
    return this.#db.write(async ({ executor }) => {
      const rows = itemIds.map((id, place) => ({ id, place }));
      const end = await executor.first<{ position: number | string | null }>(
        sql`SELECT max(position) AS position FROM pubsub_item WHERE node_id = ${nodeId}`,
      );
      const node = await executor.first<{ last: number | string; generation: number }>(
        sql`SELECT last_position AS last, generation FROM pubsub_node WHERE id = ${nodeId}`,
      );
      const newest = await executor.first<{ item_id: string }>(
        sql`SELECT item_id FROM pubsub_item WHERE node_id = ${nodeId} AND position = ${end?.position ?? -1}`,
      );
      const generation = node?.generation ?? 0;
      const from = Math.max(Number(end?.position ?? -1), Number(node?.last ?? -1)) + 1;
      if (itemIds.length === 1 && newest?.item_id === itemIds[0] && Number(end?.position) === from - 1) {
        await executor.run(
          sql`UPDATE pubsub_item SET generation = ${generation}, next_position = CAST(${AFTER_ALL_PAGES + from - 1} AS BIGINT)
              WHERE node_id = ${nodeId} AND item_id = ${itemIds[0]}`,
        );
        return;
      }
      const behindPages = sql`CAST(${AFTER_ALL_PAGES + from} AS BIGINT) + moved.place`;
      await executor.run(sql`
        UPDATE pubsub_item SET generation = ${generation},
          position = CASE WHEN position < 0 THEN ${unplaced(sql`(${behindPages})`)} ELSE CAST(${from} AS BIGINT) + moved.place END,
          next_position = CASE WHEN position < 0 THEN NULL ELSE ${behindPages} END
        FROM ${executor.dialect.records({ id: "text", place: "number" }, rows)} AS moved
        WHERE pubsub_item.node_id = ${nodeId} AND pubsub_item.item_id = moved.id`);
      await executor.run(
        sql`UPDATE pubsub_node SET last_position = ${from + rows.length - 1} WHERE id = ${nodeId}`,
      );
    });
  }

  /**
   * Removes the oldest items that are over a limit. What stays is complete from its oldest item on.
   *
   * @returns ids of the items that went
   */
  trim(nodeId: number, limits: ItemLimits): Promise<string[]> {
    return this.#db.write(async ({ executor }) => {
      const from = await this.#firstKept(executor, nodeId, limits);
      if (from === undefined) return [];
      const gone = await removeWhere(executor, nodeId, sql`position < ${from}`);
      if (gone.length > 0)
        await executor.run(sql`UPDATE pubsub_node SET complete_from = ${from} WHERE id = ${nodeId}`);
      return gone;
    });
  }

  /**
   * Removes what the service has dropped by now without a word: older than it keeps items, or more than it
   * keeps. Nothing is left out by that.
   *
   * @returns ids of the items that went
   */
  discard(nodeId: number, kept: { items?: number; since?: Date }): Promise<string[]> {
    return this.#db.write(async ({ executor }) => {
      const gone: string[] = [];
      if (kept.since)
        gone.push(...(await removeWhere(executor, nodeId, sql`updated < ${kept.since.getTime()}`)));
      const from = await this.#firstKept(executor, nodeId, { items: kept.items });
      if (from !== undefined) gone.push(...(await removeWhere(executor, nodeId, sql`position < ${from}`)));
      return gone;
    });
  }

  /** When the oldest item of a node was last changed; undefined where it has none. */
  async oldestUpdate(nodeId: number): Promise<Date | undefined> {
    const row = await this.#db.read(({ executor }) =>
      executor.first<{ oldest: number | string | null }>(
        sql`SELECT min(updated) AS oldest FROM pubsub_item WHERE node_id = ${nodeId} AND position >= 0`,
      ),
    );
    return row?.oldest == null ? undefined : new Date(Number(row.oldest));
  }

  /** Of these items, removes those that no reader has seen yet: a synchronisation goes beyond its limit. */
  removeUnplaced(nodeId: number, itemIds: readonly string[]): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      const wanted = sql`SELECT value FROM ${executor.dialect.list(itemIds)} AS wanted`;
      const unplaced = sql`node_id = ${nodeId} AND position < 0 AND item_id IN (${wanted})`;
      await removeItems(executor, unplaced, empty, itemIds.length);
    });
  }

  /** The position of the oldest item within all limits; undefined where everything is. */
  async #firstKept(executor: Executor, nodeId: number, limits: ItemLimits): Promise<number | undefined> {
    const { items, bytes, since } = limits;
    const visible = sql`node_id = ${nodeId} AND position >= 0`;
    const positions: number[] = [];
    const note = async (statement: Sql) => {
      const row = await executor.first<{ position: number | string | null }>(statement);
      if (row?.position != null) positions.push(Number(row.position) + 1);
    };
    if (items !== undefined) {
      await note(
        sql`SELECT position FROM pubsub_item WHERE ${visible} ORDER BY position DESC LIMIT 1 OFFSET ${items}`,
      );
    }
    if (bytes !== undefined) {
      const node = await executor.first<{ bytes: number | string }>(
        sql`SELECT bytes FROM pubsub_node WHERE id = ${nodeId}`,
      );
      // The kept number is never too low, so the items are measured only where it is over.
      if (Number(node?.bytes ?? 0) > bytes) {
        await note(sql`
          SELECT max(position) AS position FROM (
            SELECT position, sum(length(xml)) OVER (ORDER BY position DESC) AS total FROM pubsub_item WHERE ${visible}
          ) AS measured WHERE total > ${bytes}`);
        await executor.run(sql`
          UPDATE pubsub_node SET bytes = (SELECT COALESCE(sum(length(xml)), 0) FROM pubsub_item WHERE ${visible}
            ${positions.length > 0 ? sql`AND position >= ${Math.max(...positions)}` : empty}) WHERE id = ${nodeId}`);
      }
    }
    if (since) {
      await note(
        sql`SELECT max(position) AS position FROM pubsub_item WHERE ${visible} AND updated < ${since.getTime()}`,
      );
    }
    return positions.length > 0 ? Math.max(...positions) : undefined;
  }
}

async function removeWhere(executor: Executor, nodeId: number, condition: Sql): Promise<string[]> {
  const rows = await removeItems<{ item_id: string }>(
    executor,
    sql`node_id = ${nodeId} AND position >= 0 AND ${condition}`,
    sql`RETURNING item_id`,
  );
  if (rows.length > 0)
    await executor.run(sql`UPDATE pubsub_node SET items = items - ${rows.length} WHERE id = ${nodeId}`);
  return rows.map((row) => row.item_id);
}
