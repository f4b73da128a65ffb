import type { PreparedItem, StoredText } from "../search/prepare.js";
import { sql } from "../sql.js";

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
  /** JSON text of the parser's result; as bytes only where the item is prepared. */
  readonly parsedJson?: StoredText;
  readonly parseError?: string;
  /** Name and version of the parser. */
  readonly parser?: string;
}

/** What is known of an item before it is stored again. */
export interface KnownItem {
  readonly xml: string;
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

export function recordOf(row: ItemRow): ItemRecord {
  const parsedJson = row.parsed ?? undefined;
  let parsed: { readonly value: unknown } | undefined;
  return {
    id: row.id,
    nodeId: row.node_id,
    itemId: row.item_id,
    publisher: row.publisher ?? undefined,
    created: new Date(Number(row.created)),
    updated: new Date(Number(row.updated)),
    dateSource: row.date_source,
    xml: row.xml,
    get parsed() {
      parsed ??= { value: parsedJson === undefined ? undefined : JSON.parse(parsedJson) };
      return parsed.value;
    },
    parsedJson,
    parseError: row.parse_error ?? undefined,
    position: Number(row.position),
  };
}

/** Columns of {@link ItemRecord}, of the table named `i`. */
export const itemColumns = sql`i.id, i.node_id, i.item_id, i.publisher, i.created, i.updated, i.date_source, i.xml, i.parsed, i.parse_error, i.position`;
