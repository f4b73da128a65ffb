import type { Database } from "../database.js";
import { foldJson } from "../search/conditions.js";
import { indexedText } from "../search/words.js";
import { type Executor, type Sql, sql } from "../sql.js";

/** An item as it is kept. */
export interface ItemRecord {
  readonly id: number;
  readonly nodeId: number;
  readonly itemId: string;
  readonly publisher?: string;
  readonly created: Date;
  readonly updated: Date;
  readonly dateSource: "service" | "observed";
  readonly xml: string;
  readonly parsed?: unknown;
  readonly parseError?: string;
  /** Place in the service's order; grows towards the newest. */
  readonly position: number;
}

/** An item about to be kept. */
export interface ItemInput {
  readonly itemId: string;
  readonly publisher?: string;
  readonly xml: string;
  /** JSON text of the parser's result. */
  readonly parsedJson?: string;
  readonly parseError?: string;
  /** Name and version of the parser. */
  readonly parser?: string;
  /** The human text that full-text search finds. */
  readonly text: string;
}

/** What is known of an item before it is stored again. */
export interface KnownItem {
  readonly xml: string;
  readonly parser?: string;
}

interface Row {
  id: number;
  node_id: number;
  item_id: string;
  publisher: string | null;
  created: number;
  updated: number;
  date_source: "service" | "observed";
  xml: string;
  parsed: string | null;
  parse_error: string | null;
  position: number;
}

export const recordOf = (row: Row): ItemRecord => ({
  id: row.id,
  nodeId: row.node_id,
  itemId: row.item_id,
  publisher: row.publisher ?? undefined,
  created: new Date(Number(row.created)),
  updated: new Date(Number(row.updated)),
  dateSource: row.date_source,
  xml: row.xml,
  parsed: row.parsed === null ? undefined : (JSON.parse(row.parsed) as unknown),
  parseError: row.parse_error ?? undefined,
  position: Number(row.position),
});

/** Columns of {@link ItemRecord}, of the table named `i`. */
export const itemColumns = sql`i.id, i.node_id, i.item_id, i.publisher, i.created, i.updated, i.date_source, i.xml, i.parsed, i.parse_error, i.position`;

/** Not yet placed: found by a synchronisation that has not ended, invisible to readers until it does. */
const UNPLACED = -1;
/** Items that events bring during a synchronisation stand after everything that it pages through. */
const AFTER_ALL_PAGES = 2 ** 40;

const bound = (items: readonly ItemInput[]) =>
  JSON.stringify(
    items.map((item) => ({
      id: item.itemId,
      publisher: item.publisher,
      xml: item.xml,
      parsed: item.parsedJson,
      folded:
        item.parsedJson === undefined ? undefined : JSON.stringify(foldJson(JSON.parse(item.parsedJson))),
      error: item.parseError,
      parser: item.parser,
      text: indexedText(item.text),
    })),
  );

/** One statement for a whole page: row by row costs eight times as much. */
function upsert(
  nodeId: number,
  generation: number,
  items: readonly ItemInput[],
  place: { position: Sql; next: Sql; onConflict: Sql },
): Sql {
  const now = Date.now();
  return sql`
    INSERT INTO pubsub_item (node_id, item_id, publisher, created, updated, date_source, xml, parsed, parsed_folded,
      parse_error, parser, position, next_position, generation, search_text)
    SELECT ${nodeId}, value->>'id', value->>'publisher', ${now}, ${now}, 'observed', value->>'xml', value->>'parsed',
      value->>'folded', value->>'error', value->>'parser', ${place.position}, ${place.next}, ${generation}, value->>'text'
    FROM json_each(${bound(items)}) WHERE TRUE
    ON CONFLICT (node_id, item_id) DO UPDATE SET publisher = excluded.publisher,
      updated = CASE WHEN xml = excluded.xml THEN updated ELSE excluded.updated END,
      xml = excluded.xml, parsed = excluded.parsed, parsed_folded = excluded.parsed_folded,
      parse_error = excluded.parse_error, parser = excluded.parser, search_text = excluded.search_text,
      generation = excluded.generation, next_position = excluded.next_position ${place.onConflict}`;
}

/** Cached items. Readers see a node's items in the service's order, oldest first. */
export class ItemRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What is stored for these ids, to tell what a page changes. */
  known(nodeId: number, itemIds: readonly string[]): Promise<Map<string, KnownItem>> {
    if (itemIds.length === 0) return Promise.resolve(new Map());
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<{ item_id: string; xml: string; parser: string | null }>(
        sql`SELECT item_id, xml, parser FROM pubsub_item WHERE node_id = ${nodeId}
            AND item_id IN (SELECT value FROM json_each(${JSON.stringify(itemIds)}))`,
      );
      return new Map(rows.map((row) => [row.item_id, { xml: row.xml, parser: row.parser ?? undefined }]));
    });
  }

  /**
   * Keeps one page of a synchronisation. New items stay invisible, and all of them unplaced, until
   * {@link finishGeneration}.
   *
   * @param offset place of the page's first item in the whole node
   * @param order ids of all items of the page, oldest first
   * @param changed those of them that are new or different from what is stored
   */
  async storePage(
    nodeId: number,
    generation: number,
    offset: number,
    order: readonly string[],
    changed: readonly ItemInput[],
  ): Promise<void> {
    await this.#db.write(async ({ executor }) => {
      if (changed.length > 0) {
        await executor.run(
          upsert(nodeId, generation, changed, {
            position: sql`${UNPLACED}`,
            next: sql`NULL`,
            onConflict: sql``,
          }),
        );
      }
      await executor.run(sql`
        UPDATE pubsub_item SET generation = ${generation}, next_position = ${offset} + page.key
        FROM json_each(${JSON.stringify(order)}) AS page
        WHERE pubsub_item.node_id = ${nodeId} AND pubsub_item.item_id = page.value`);
    });
  }

  /**
   * Ends a synchronisation: what it did not see goes, what it saw stands in its order.
   *
   * @returns ids of the items that went, as far as readers could see them
   */
  finishGeneration(nodeId: number, generation: number): Promise<string[]> {
    return this.#db.write(async ({ executor }) => {
      const gone = await executor.all<{ item_id: string; position: number }>(
        sql`DELETE FROM pubsub_item WHERE node_id = ${nodeId} AND generation < ${generation} RETURNING item_id, position`,
      );
      await executor.run(
        sql`UPDATE pubsub_item SET position = COALESCE(next_position, position), next_position = NULL WHERE node_id = ${nodeId}`,
      );
      return gone.filter((row) => row.position !== UNPLACED).map((row) => row.item_id);
    });
  }

  /**
   * Keeps items that an event brought: each becomes the newest of its node (XEP-0060 §12.1), also for
   * a synchronisation that is running.
   */
  async storeLive(nodeId: number, generation: number, items: readonly ItemInput[]): Promise<void> {
    await this.#db.write(async ({ executor }) => {
      for (const item of items) {
        const newest = sql`(SELECT COALESCE(max(position), -1) + 1 FROM pubsub_item WHERE node_id = ${nodeId})`;
        const after = sql`${AFTER_ALL_PAGES} + (SELECT COALESCE(max(position), -1) + 1 FROM pubsub_item WHERE node_id = ${nodeId})`;
        await executor.run(
          upsert(nodeId, generation, [item], {
            position: newest,
            next: after,
            onConflict: sql`, position = excluded.position`,
          }),
        );
      }
    });
  }

  /** @returns the ids that were there */
  remove(nodeId: number, itemIds: readonly string[]): Promise<string[]> {
    return this.#db.write(async ({ executor }) => {
      const rows = await executor.all<{ item_id: string }>(
        sql`DELETE FROM pubsub_item WHERE node_id = ${nodeId}
            AND item_id IN (SELECT value FROM json_each(${JSON.stringify(itemIds)})) RETURNING item_id`,
      );
      return rows.map((row) => row.item_id);
    });
  }

  /** Removes every item of a node. */
  clear(nodeId: number): Promise<void> {
    return this.#db.write(({ executor }) =>
      executor.run(sql`DELETE FROM pubsub_item WHERE node_id = ${nodeId}`),
    );
  }

  /** The items with these ids, in the order asked; missing ones are left out. */
  byIds(nodeId: number, itemIds: readonly string[]): Promise<ItemRecord[]> {
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(
        sql`SELECT ${itemColumns} FROM json_each(${JSON.stringify(itemIds)}) wanted
            JOIN pubsub_item i ON i.node_id = ${nodeId} AND i.item_id = wanted.value AND i.position >= 0 ORDER BY wanted.key`,
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
   */
  page(
    nodeId: number,
    page: { limit?: number; after?: number; before?: number; index?: number; newestFirst?: boolean },
  ): Promise<{ items: ItemRecord[]; complete: boolean; count: number; index: number }> {
    return this.#db.read(async ({ executor }) => {
      const fromEnd = page.after === undefined && page.index === undefined && page.newestFirst === true;
      const direction = fromEnd ? sql`DESC` : sql`ASC`;
      const limit = page.limit ?? -1;
      const rows = await executor.all<Row>(sql`
        SELECT ${itemColumns} FROM pubsub_item i WHERE i.node_id = ${nodeId} AND i.position >= 0
          ${page.after === undefined ? sql`` : sql`AND i.position > ${page.after}`}
          ${page.before === undefined ? sql`` : sql`AND i.position < ${page.before}`}
        ORDER BY i.position ${direction} LIMIT ${limit < 0 ? -1 : limit + 1} OFFSET ${page.index ?? 0}`);
      const complete = limit < 0 || rows.length <= limit;
      const items = (limit < 0 ? rows : rows.slice(0, limit)).map(recordOf);
      if (fromEnd) items.reverse();
      const count = await this.#count(executor, sql`node_id = ${nodeId} AND position >= 0`);
      const first = items[0];
      const index = first
        ? await this.#count(
            executor,
            sql`node_id = ${nodeId} AND position >= 0 AND position < ${first.position}`,
          )
        : 0;
      return { items, complete, count, index };
    });
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

  count(): Promise<number> {
    return this.#db.read(({ executor }) => this.#count(executor, sql`position >= 0`));
  }

  async #count(executor: Executor, where: Sql): Promise<number> {
    return Number(
      (await executor.first<{ n: number }>(sql`SELECT count(*) AS n FROM pubsub_item WHERE ${where}`))?.n ??
        0,
    );
  }
}
