import { checkKeys } from "../keys.js";
import { prepareItem } from "../search/prepare.js";
import { textOf } from "../search/stored-text.js";
import { type Executor, empty, type Sql, sql } from "../sql.js";
import type { ItemInput } from "./item-record.js";

/**
 * The position of an item that a synchronisation has found and that readers do not see until it ends: below zero, from
 * -1 downwards, by its place. A row is 10 kB, and SQLite changes it where it stands if it keeps its length: a number
 * and its mirror image have the same.
 */
export const unplaced = (place: Sql): Sql => sql`-1 - ${place}`;
/** Items that events bring during a synchronisation stand after everything that it pages through. */
export const AFTER_ALL_PAGES = 2 ** 40;

const columns = {
  item_id: "text",
  publisher: "text",
  xml: "text",
  parsed: "text",
  folded: "text",
  error: "text",
  parser: "text",
  words: "text",
  created: "number",
  updated: "number",
  place: "number",
} as const;

/**
 * Items as the rows that are written, before the unit of work begins: what was not prepared costs about as much as
 * the writing. Of an id that is given twice the last one counts.
 *
 * @throws {KeyTooLongError} an id
 */
export const rowsOf = (items: readonly ItemInput[], placeOf: (item: ItemInput, index: number) => number) =>
  [...new Map(items.map((item) => [item.itemId, item])).values()].map((item, index) => {
    checkKeys({ itemId: item.itemId });
    const { folded, words, refused } = item.prepared ?? prepareItem(textOf(item.parsedJson), item.text);
    return {
      item_id: item.itemId,
      publisher: item.publisher,
      xml: item.xml,
      parsed: folded === undefined ? undefined : item.parsedJson,
      folded,
      error: item.parseError ?? refused,
      parser: item.parser,
      words,
      created: item.created?.getTime(),
      updated: item.updated?.getTime(),
      place: placeOf(item, index),
    };
  });

/** One statement for a whole page: row by row costs eight times as much. */
export function upsert(
  executor: Executor,
  nodeId: number,
  generation: number,
  rows: ReturnType<typeof rowsOf>,
  place: { position: Sql; next: Sql; onConflict: Sql; keepsPlace?: boolean },
): Sql {
  const { dialect } = executor;
  const now = sql`CAST(${Date.now()} AS BIGINT)`;
  return sql`
    INSERT INTO pubsub_item (node_id, item_id, publisher, created, updated, date_source, xml, parsed, parsed_folded,
      parse_error, parser, position, next_position, generation, search_text)
    SELECT CAST(${nodeId} AS BIGINT), g.item_id, g.publisher, COALESCE(CAST(g.created AS BIGINT), ${now}),
      COALESCE(CAST(g.updated AS BIGINT), ${now}), 'observed', g.xml,
      ${dialect.asJson(sql`g.parsed`)}, ${dialect.asJson(sql`g.folded`)}, g.error, g.parser,
      ${place.position}, ${place.next}, CAST(${generation} AS INTEGER), g.words
    FROM ${dialect.records(columns, rows)} AS g WHERE TRUE
    ON CONFLICT (node_id, item_id) DO UPDATE SET publisher = excluded.publisher,
      updated = CASE WHEN pubsub_item.xml = excluded.xml THEN pubsub_item.updated ELSE excluded.updated END,
      xml = excluded.xml, parsed = excluded.parsed, parsed_folded = excluded.parsed_folded,
      parse_error = excluded.parse_error, parser = excluded.parser, search_text = excluded.search_text,
      generation = excluded.generation
      ${place.keepsPlace ? empty : sql`, next_position = excluded.next_position`} ${place.onConflict}`;
}

/** Closes the gaps in a node's order, so that a position is an index. */
export const renumber = (nodeId: number): Sql => sql`
  UPDATE pubsub_item SET position = placed.place
  FROM (SELECT id, row_number() OVER (ORDER BY position) - 1 AS place FROM pubsub_item
    WHERE node_id = ${nodeId} AND position >= 0) AS placed
  WHERE pubsub_item.id = placed.id AND pubsub_item.position <> placed.place`;
