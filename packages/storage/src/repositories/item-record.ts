import type { Dialect } from "../dialect.js";
import type { PreparedItem, StoredText } from "../search/prepare.js";
import { type Sql, sql } from "../sql.js";

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
  /** Read from the text when it is first asked for: most readers hand the text on. */
  readonly parsed?: unknown;
  /** The same as JSON text, as the database gives it. */
  readonly parsedJson?: string;
  /**
   * `xml` and `parsed` as members of a JSON object, in UTF-8: `"xml":…,"parsed":…`. There where it was asked for and costs less;
   * the others are made of it then, when they are asked for.
   */
  readonly written?: Uint8Array;
  readonly parseError?: string;
  /** Place in the service's order; grows towards the newest. */
  readonly position: number;
}

/** An item about to be kept, with its text or what was made of that before (see {@link prepareItem}). */
export type ItemInput = ItemContent &
  (
    | {
        /** The human text that full-text search finds. */
        readonly text: string;
        readonly prepared?: undefined;
      }
    | { readonly text?: undefined; readonly prepared: PreparedItem }
  );

interface ItemContent {
  readonly itemId: string;
  readonly publisher?: string;
  readonly xml: string;
  /** When it was first seen, for an item that is not there yet; now where absent. */
  readonly created?: Date;
  /** When this version was first seen; now where absent. An item whose XML is as it was keeps its time. */
  readonly updated?: Date;
  /** JSON text of the parser's result; as bytes only where the item is prepared. */
  readonly parsedJson?: StoredText;
  readonly parseError?: string;
  /** Name and version of the parser. */
  readonly parser?: string;
}

/** What is known of an item before it is stored again. */
export interface KnownItem {
  readonly xml: string;
  readonly publisher?: string;
  readonly updated: Date;
  readonly parser?: string;
}

/** A row with {@link itemColumns}. */
export interface ItemRow {
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

/** The same with what {@link itemColumnsFor} has in place of `xml` and `parsed`. */
export type WrittenRow = Omit<ItemRow, "xml" | "parsed"> & { readonly written: Buffer };

const commonOf = (row: Omit<ItemRow, "xml" | "parsed">) => ({
  id: row.id,
  nodeId: row.node_id,
  itemId: row.item_id,
  publisher: row.publisher ?? undefined,
  created: new Date(Number(row.created)),
  updated: new Date(Number(row.updated)),
  dateSource: row.date_source,
  parseError: row.parse_error ?? undefined,
  position: Number(row.position),
});

function writtenRecordOf(row: WrittenRow): ItemRecord {
  const { written } = row;
  let read: { readonly xml: string; readonly parsed?: unknown } | undefined;
  const content = () => {
    read ??= JSON.parse(`{${written.toString()}}`) as { xml: string; parsed?: unknown };
    return read;
  };
  return {
    ...commonOf(row),
    written,
    get xml() {
      return content().xml;
    },
    get parsed() {
      return content().parsed;
    },
    get parsedJson() {
      const { parsed } = content();
      return parsed === undefined ? undefined : JSON.stringify(parsed);
    },
  };
}

export function recordOf(row: ItemRow | WrittenRow): ItemRecord {
  if ("written" in row) return writtenRecordOf(row);
  const parsedJson = row.parsed ?? undefined;
  let parsed: { readonly value: unknown } | undefined;
  return {
    ...commonOf(row),
    xml: row.xml,
    get parsed() {
      parsed ??= { value: parsedJson === undefined ? undefined : JSON.parse(parsedJson) };
      return parsed.value;
    },
    parsedJson,
  };
}

/** Columns of {@link ItemRecord}, of the table named `i`. */
export const itemColumns = sql`i.id, i.node_id, i.item_id, i.publisher, i.created, i.updated, i.date_source, i.xml, i.parsed, i.parse_error, i.position`;

/** The same, written where that was asked for and costs less. */
export function itemColumnsFor(dialect: Dialect, written = false): Sql {
  const members = written ? dialect.jsonMembers(["xml", sql`i.xml`], ["parsed", sql`i.parsed`]) : undefined;
  if (!members) return itemColumns;
  return sql`i.id, i.node_id, i.item_id, i.publisher, i.created, i.updated, i.date_source, i.parse_error, i.position, ${members} AS written`;
}
