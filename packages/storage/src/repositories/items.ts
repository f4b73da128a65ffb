import type { Database } from "../database.js";
import { type Executor, empty, type Sql, sql } from "../sql.js";
import {
  type ItemInput,
  type ItemRecord,
  type ItemRow,
  itemColumnsFor,
  type KnownItem,
  recordOf,
  type WrittenRow,
} from "./item-record.js";
import { AFTER_ALL_PAGES, renumber, rowsOf, unplaced, upsert } from "./item-writing.js";
import { removeItems } from "./removing-many.js";

/** What every row of a page says of its node. */
interface Numbers {
  readonly count: number | null;
  readonly newest: number | null;
}

/** How far from an end of the node an item's index is counted, where its position does not tell it. */
const COUNTED_FROM_END = 10_000;

/** Cached items. Readers see a node's items in the service's order, oldest first. */
export class ItemRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Whether anything is stored of a node, seen by readers or not. */
  async any(nodeId: number): Promise<boolean> {
    const row = await this.#db.read(({ executor }) =>
      executor.first<{ id: number }>(sql`SELECT id FROM pubsub_item WHERE node_id = ${nodeId} LIMIT 1`),
    );
    return row !== undefined;
  }

  /** What is stored for these ids, to tell what a page changes. */
  known(nodeId: number, itemIds: readonly string[]): Promise<Map<string, KnownItem>> {
    if (itemIds.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<
        Pick<ItemRow, "item_id" | "xml" | "publisher" | "updated"> & { parser: string | null }
      >(
        sql`SELECT item_id, xml, publisher, updated, parser FROM pubsub_item WHERE node_id = ${nodeId}
            AND item_id IN (SELECT value FROM ${executor.dialect.list(itemIds)} AS wanted)`,
      );
      return new Map(
        rows.map(({ item_id, xml, publisher, updated, parser }) => [
          item_id,
          {
            xml,
            publisher: publisher ?? undefined,
            updated: new Date(Number(updated)),
            parser: parser ?? undefined,
          },
        ]),
      );
    });
  }

  /**
   * Keeps one page of a synchronisation. New items stay invisible, and all of them unplaced, until
   * {@link finishGeneration}.
   *
   * @param offset place of the page's first item in the whole node
   * @param order ids of all items of the page, oldest first
   * @param changed those of them that are new or different from what is stored
   * @throws {KeyTooLongError} an id; nothing of the page is kept
   */
  async storePage(
    nodeId: number,
    generation: number,
    offset: number,
    order: readonly string[],
    changed: readonly ItemInput[],
  ): Promise<void> {
    const places = new Map(order.map((id, index) => [id, offset + index]));
    const rows = rowsOf(changed, ({ itemId }) => places.get(itemId) ?? offset);
    const ids = new Set(changed.map(({ itemId }) => itemId));
    const same = order.filter((id) => !ids.has(id));
    await this.#db.write(async ({ executor }) => {
      if (rows.length > 0) {
        await executor.run(
          upsert(executor, nodeId, generation, rows, {
            position: unplaced(sql`CAST(g.place AS BIGINT)`),
            next: sql`CAST(NULL AS BIGINT)`,
            onConflict: sql`,
              position = CASE WHEN pubsub_item.position < 0 THEN excluded.position ELSE pubsub_item.position END,
              next_position = CASE WHEN pubsub_item.position < 0 THEN NULL ELSE ${unplaced(sql`excluded.position`)} END`,
            keepsPlace: true,
          }),
        );
      }
      if (same.length > 0) {
        const placed = executor.dialect.records(
          { id: "text", place: "number" },
          same.map((id) => ({ id, place: places.get(id) })),
        );
        // The ids stand there twice so that SQLite looks each up, and does not read the whole node.
        await executor.run(sql`
          UPDATE pubsub_item SET generation = ${generation},
            position = CASE WHEN position < 0 THEN ${unplaced(sql`seen.place`)} ELSE position END,
            next_position = CASE WHEN position < 0 THEN NULL ELSE seen.place END FROM ${placed} AS seen
          WHERE pubsub_item.node_id = ${nodeId} AND pubsub_item.item_id = seen.id
            AND pubsub_item.item_id IN (SELECT value FROM ${executor.dialect.list(same)} AS listed)`);
      }
    });
  }

  /**
   * Ends a synchronisation: what it did not see goes, what it saw stands in its order.
   *
   * @param options.wasEmpty nothing was kept of the node when the synchronisation began: there is nothing it did not
   *   see, and looking for it means to read every row
   * @returns ids of the items that went, as far as readers could see them
   */
  finishGeneration(
    nodeId: number,
    generation: number,
    { wasEmpty = false }: { wasEmpty?: boolean } = {},
  ): Promise<string[]> {
    return this.#db.write(async ({ executor }) => {
      const gone = wasEmpty
        ? []
        : await removeItems<{ item_id: string; position: number }>(
            executor,
            sql`node_id = ${nodeId} AND generation < ${generation}`,
            sql`RETURNING item_id, position`,
          );
      await executor.run(
        sql`UPDATE pubsub_item SET position = next_position, next_position = NULL
            WHERE node_id = ${nodeId} AND position >= 0 AND next_position IS NOT NULL`,
      );
      await executor.run(
        sql`UPDATE pubsub_item SET position = COALESCE(next_position, ${unplaced(sql`position`)}), next_position = NULL
            WHERE node_id = ${nodeId} AND position < 0`,
      );
      const placed = await executor.first<{ n: number; newest: number | null }>(
        sql`SELECT count(*) AS n, max(position) AS newest FROM pubsub_item WHERE node_id = ${nodeId} AND position >= 0`,
      );
      const items = placed?.n ?? 0;
      if (items > 0 && placed?.newest !== items - 1) await executor.run(renumber(nodeId));
      await executor.run(
        sql`UPDATE pubsub_node SET items = ${items}, last_position = ${items - 1}, complete_from = NULL WHERE id = ${nodeId}`,
      );
      return gone.filter((row) => row.position >= 0).map((row) => row.item_id);
    });
  }

  /**
   * Keeps items that an event brought: each becomes the newest of its node (XEP-0060 §12.1), also for
   * a synchronisation that is running.
   *
   * @param options.keepPlaces an item that is there already stays in its place, as it does at some services
   * @throws {KeyTooLongError} an id; none of them is kept
   */
  async storeLive(
    nodeId: number,
    generation: number,
    items: readonly ItemInput[],
    { keepPlaces = false }: { keepPlaces?: boolean } = {},
  ): Promise<void> {
    if (items.length === 0) return;
    const rows = rowsOf(items, (_item, index) => index);
    await this.#db.write(async ({ executor }) => {
      const ids = rows.map((row) => row.item_id);
      const known = await executor.first<{ stored: number; visible: number }>(
        sql`SELECT count(*) AS stored, count(CASE WHEN position >= 0 THEN 1 END) AS visible FROM pubsub_item
            WHERE node_id = ${nodeId} AND item_id IN (SELECT value FROM ${executor.dialect.list(ids)} AS wanted)`,
      );
      const newest = await executor.first<{ position: number | null; last: number }>(
        sql`SELECT (SELECT max(position) FROM pubsub_item WHERE node_id = ${nodeId}) AS position, last_position AS last
            FROM pubsub_node WHERE id = ${nodeId}`,
      );
      // Not given again where the newest items are gone: a cursor may stand there.
      const from = Math.max(newest?.position ?? -1, newest?.last ?? -1) + 1;
      await executor.run(
        upsert(executor, nodeId, generation, rows, {
          position: sql`CAST(${from} AS BIGINT) + g.place`,
          next: sql`CAST(${AFTER_ALL_PAGES + from} AS BIGINT) + g.place`,
          onConflict: keepPlaces ? empty : sql`, position = excluded.position`,
          keepsPlace: keepPlaces,
        }),
      );
      await executor.run(
        sql`UPDATE pubsub_node SET items = items + ${ids.length - Number(keepPlaces ? known?.stored : known?.visible)},
              last_position = ${from + rows.length - 1},
              bytes = bytes + ${rows.reduce((sum, { xml }) => sum + xml.length, 0)} WHERE id = ${nodeId}`,
      );
    });
  }

  /** @returns the ids that were there */
  remove(nodeId: number, itemIds: readonly string[]): Promise<string[]> {
    return this.#db.write(async ({ executor }) => {
      const rows = await removeItems<{ item_id: string; position: number }>(
        executor,
        sql`node_id = ${nodeId} AND item_id IN (SELECT value FROM ${executor.dialect.list(itemIds)} AS wanted)`,
        sql`RETURNING item_id, position`,
        itemIds.length,
      );
      await this.#addToCount(executor, nodeId, -rows.filter(({ position }) => position >= 0).length);
      return rows.map((row) => row.item_id);
    });
  }

  /** Removes every item of a node. */
  clear(nodeId: number): Promise<void> {
    return this.#db.write(async ({ executor }) => {
      await removeItems(executor, sql`node_id = ${nodeId}`, empty);
      await executor.run(
        sql`UPDATE pubsub_node SET items = 0, bytes = 0, complete_from = NULL WHERE id = ${nodeId}`,
      );
    });
  }

  /**
   * The items with these ids, in the order asked; missing ones are left out.
   *
   * @param options.written for handing on as JSON: see {@link ItemRecord.written}
   */
  byIds(
    nodeId: number,
    itemIds: readonly string[],
    { written }: { readonly written?: boolean } = {},
  ): Promise<ItemRecord[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<ItemRow | WrittenRow>(
        sql`SELECT ${itemColumnsFor(executor.dialect, written)} FROM ${executor.dialect.list(itemIds)} AS wanted
            ${executor.dialect.joinInOrder} pubsub_item i ON i.node_id = ${nodeId} AND i.item_id = wanted.value AND i.position >= 0 ORDER BY wanted.key`,
      );
      return rows.map(recordOf);
    });
  }

  /**
   * A page in the service's order, oldest first, with the number of items and the index of the first,
   * all of one moment.
   *
   * @param page.after items after this position, oldest of them first; `page.before` the last ones
   *   before it; `page.index` from there on; with none of them the newest
   * @param page.written for handing on as JSON: see {@link ItemRecord.written}
   * @returns `index` where it is known: in the midst of a large node that has lost items it is not
   */
  page(
    nodeId: number,
    page: {
      limit?: number;
      after?: number;
      before?: number;
      index?: number;
      newestFirst?: boolean;
      written?: boolean;
    },
  ): Promise<{ items: ItemRecord[]; complete: boolean; count: number; index?: number }> {
    return this.#db.read(async ({ executor }) => {
      const { limit } = page;
      // One bound: of two, SQLite begins at the lower, and a page would cost what all before it hold.
      const above = Math.max(page.after ?? -1, -1);
      const fromEnd = page.after === undefined && page.index === undefined && page.newestFirst === true;
      const direction = fromEnd ? sql`DESC` : sql`ASC`;
      const numbers = sql`(SELECT n.items FROM pubsub_node n WHERE n.id = ${nodeId}) AS count,
        (SELECT max(newest.position) FROM pubsub_item newest WHERE newest.node_id = ${nodeId}) AS newest`;
      // With each row, since a statement of their own would cost a turn of a thread, and more than they do.
      const rows = await executor.all<(ItemRow | WrittenRow) & Numbers>(sql`
        SELECT ${itemColumnsFor(executor.dialect, page.written)}, ${numbers}
        FROM pubsub_item i WHERE i.node_id = ${nodeId} AND i.position > ${above}
          ${page.before === undefined ? empty : sql`AND i.position < ${page.before}`}
        ORDER BY i.position ${direction}
        ${limit === undefined ? empty : sql`LIMIT ${limit + 1} OFFSET ${page.index ?? 0}`}`);
      const node = rows[0] ?? (await executor.first<Numbers>(sql`SELECT ${numbers}`));
      const complete = limit === undefined || rows.length <= limit;
      const items = (limit === undefined ? rows.slice(page.index ?? 0) : rows.slice(0, limit)).map(recordOf);
      if (fromEnd) items.reverse();
      const count = node?.count ?? 0;
      const first = items[0];
      const known = page.index ?? (fromEnd && page.before === undefined ? count - items.length : undefined);
      const index = first
        ? (known ?? (await this.#indexOf(executor, nodeId, first.position, count, node?.newest ?? 0)))
        : 0;
      return { items, complete, count, index };
    });
  }

  /** The place of the item at a position; undefined where finding out would mean to count too many. */
  async #indexOf(
    executor: Executor,
    nodeId: number,
    position: number,
    count: number,
    newest: number,
  ): Promise<number | undefined> {
    if (newest === count - 1) return position; // positions run from 0 without a gap
    const some = async (where: Sql): Promise<number> => {
      const row = await executor.first<{ n: number }>(
        sql`SELECT count(*) AS n FROM (SELECT 1 FROM pubsub_item WHERE node_id = ${nodeId} AND ${where}
            LIMIT ${COUNTED_FROM_END + 1}) AS counted`,
      );
      return row?.n ?? 0;
    };
    const before = await some(sql`position >= 0 AND position < ${position}`);
    if (before <= COUNTED_FROM_END) return before;
    const after = await some(sql`position >= ${position}`);
    return after <= COUNTED_FROM_END ? count - after : undefined;
  }

  /** Where an item stands, or undefined where it is not there. */
  positionOf(nodeId: number, itemId: string): Promise<number | undefined> {
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<{ position: number }>(
        sql`SELECT position FROM pubsub_item WHERE node_id = ${nodeId} AND item_id = ${itemId} AND position >= 0`,
      );
      return row && Number(row.position);
    });
  }

  /** The position of the item that stands at this place of the node, or past either end where there is none. */
  positionAt(nodeId: number, index: number): Promise<number> {
    if (index < 0) return Promise.resolve(-1);
    return this.#db.read(async ({ executor }) => {
      const row = await executor.first<{ position: number }>(
        sql`SELECT position FROM pubsub_item WHERE node_id = ${nodeId} AND position >= 0 ORDER BY position LIMIT 1 OFFSET ${index}`,
      );
      return row ? Number(row.position) : Number.MAX_SAFE_INTEGER;
    });
  }

  /** All ids in the order in which the items were created, as far as it was seen, oldest first; a page comes in at one instant. */
  idsByCreation(nodeId: number): Promise<string[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ item_id: string }>(
        sql`SELECT item_id FROM pubsub_item WHERE node_id = ${nodeId} AND position >= 0 ORDER BY created, id`,
      );
      return rows.map((row) => row.item_id);
    });
  }

  async count(): Promise<number> {
    const row = await this.#db.read(({ executor }) =>
      executor.first<{ n: number | null }>(sql`SELECT sum(items) AS n FROM pubsub_node`),
    );
    return Number(row?.n ?? 0);
  }

  async #addToCount(executor: Executor, nodeId: number, change: number): Promise<void> {
    if (change === 0) return;
    await executor.run(sql`UPDATE pubsub_node SET items = items + ${change} WHERE id = ${nodeId}`);
  }
}
