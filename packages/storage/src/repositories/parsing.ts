import type { Database } from "../database.js";
import { type PreparedItem, prepareItem, type StoredText } from "../search/prepare.js";
import { textOf } from "../search/stored-text.js";
import { empty, sql } from "../sql.js";

/** An item whose parsed data may have to be made anew. */
export interface ParsableItem {
  readonly id: number;
  readonly itemId: string;
  readonly publisher?: string;
  readonly xml: string;
  /** Name and version of the parser that saw it last. */
  readonly parser?: string;
  readonly created: Date;
  /** When this version was first seen, in milliseconds. */
  readonly updated: number;
}

/** What a parser made of a stored item. */
export interface Reparsed {
  /** The item as it was when it was read. */
  readonly item: ParsableItem;
  readonly parsedJson?: StoredText;
  readonly parseError?: string;
  /** Absent where no parser is asked any more. */
  readonly parser?: string;
  readonly prepared?: PreparedItem;
  /** Needed where nothing is prepared. */
  readonly text?: string;
}

interface Row {
  id: number;
  item_id: string;
  publisher: string | null;
  xml: string;
  parser: string | null;
  created: number;
  updated: number;
}

const columns = {
  id: "number",
  updated: "number",
  was: "text",
  parsed: "text",
  folded: "text",
  error: "text",
  parser: "text",
  words: "text",
} as const;

const SETTING = "pubsub.parsed_with";

/** Stored items and the parsers that saw them: what has to be parsed again when a parser has changed. */
export class ParsingRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Items of a node in the order of their ids.
   *
   * @param options.after the id to go on after
   * @param options.unless leave those out that this parser (name and version) has seen; null: that none has
   */
  items(
    nodeId: number,
    options: { readonly after?: string; readonly limit: number; readonly unless?: string | null },
  ): Promise<ParsableItem[]> {
    const { after, limit, unless } = options;
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<Row>(sql`
        SELECT id, item_id, publisher, xml, parser, created, updated FROM pubsub_item
        WHERE node_id = ${nodeId} ${after === undefined ? empty : sql`AND item_id > ${after}`}
          ${unless === undefined ? empty : unless === null ? sql`AND parser IS NOT NULL` : sql`AND (parser IS NULL OR parser <> ${unless})`}
        ORDER BY item_id LIMIT ${limit}`);
      return rows.map((row) => ({
        id: row.id,
        itemId: row.item_id,
        publisher: row.publisher ?? undefined,
        xml: row.xml,
        parser: row.parser ?? undefined,
        created: new Date(Number(row.created)),
        updated: Number(row.updated),
      }));
    });
  }

  /**
   * Keeps new parsed data. An item that was written since it was read is left as it is: whoever wrote it had it
   * parsed. Neither times nor order change, and nothing is told: the item is what it was.
   *
   * @returns how many items were kept
   */
  store(results: readonly Reparsed[]): Promise<number> {
    const rows = results.map(({ item, parsedJson, parseError, parser, prepared, text }) => {
      const { folded, words, refused } = prepared ?? prepareItem(textOf(parsedJson), text ?? "");
      return {
        id: item.id,
        updated: item.updated,
        was: item.parser,
        parsed: folded === undefined ? undefined : parsedJson,
        folded,
        error: parseError ?? refused,
        parser,
        words,
      };
    });
    if (rows.length === 0) return Promise.resolve(0);
    return this.#db.write(async ({ executor }) => {
      const { dialect } = executor;
      const kept = await executor.all(sql`
        UPDATE pubsub_item SET parsed = ${dialect.asJson(sql`g.parsed`)}, parsed_folded = ${dialect.asJson(sql`g.folded`)},
          parse_error = g.error, parser = g.parser, search_text = g.words
        FROM ${dialect.records(columns, rows)} AS g
        WHERE pubsub_item.id = g.id AND pubsub_item.updated = g.updated
          AND COALESCE(pubsub_item.parser, '') = COALESCE(g.was, '')
        RETURNING pubsub_item.id`);
      return kept.length;
    });
  }

  /** With which parser (name and version) all items of an analyser were parsed, as far as was {@link finished}. */
  async finishedWith(): Promise<Map<string, string>> {
    const text = await this.#db.read(({ executor }) =>
      executor.first<{ value: string }>(sql`SELECT value FROM setting WHERE key = ${SETTING}`),
    );
    return new Map(text ? (JSON.parse(text.value) as [string, string][]) : []);
  }

  /** Remembers that all items of an analyser have been seen by this parser; an empty text stands for none. */
  async finished(analyser: string, parser: string): Promise<void> {
    await this.#db.write(async ({ executor }) => {
      const row = await executor.first<{ value: string }>(
        sql`SELECT value FROM setting WHERE key = ${SETTING}`,
      );
      const known = new Map(row ? (JSON.parse(row.value) as [string, string][]) : []).set(analyser, parser);
      await executor.run(sql`INSERT INTO setting (key, value) VALUES (${SETTING}, ${JSON.stringify([...known])})
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
    });
  }
}
