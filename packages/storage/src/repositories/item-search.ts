import type { Database } from "../database.js";
import { InvalidQueryError } from "../errors.js";
import {
  compileCondition,
  type JsonPath,
  type ParsedCondition,
  sqliteJsonPath,
} from "../search/conditions.js";
import { parseFullTextQuery, toFts5 } from "../search/full-text-query.js";
import { join, type Sql, sql } from "../sql.js";
import { type ItemRecord, itemColumns, recordOf } from "./items.js";

export type ItemOrder =
  | { readonly order: "creation" | "modification" | "itemId" | "rank"; readonly direction?: "asc" | "desc" }
  | { readonly path: JsonPath; readonly direction?: "asc" | "desc" };

/** CONTRACT `ps_cache_search`. All conditions hold together; lists that are empty find nothing. */
export interface ItemSearch {
  readonly fts?: string;
  readonly accountIds?: readonly number[];
  readonly services?: readonly string[];
  readonly nodes?: readonly string[];
  /** null finds nodes without one. */
  readonly types?: readonly (string | null)[];
  readonly subtypes?: readonly (string | null)[];
  readonly ids?: readonly string[];
  readonly parsed?: readonly ParsedCondition[];
  readonly orderBy?: readonly ItemOrder[];
  readonly index?: number;
  readonly limit: number;
  readonly withTotal?: boolean;
}

export interface FoundItem extends ItemRecord {
  readonly accountId: number;
  readonly service: string;
  readonly node: string;
}

function among(column: Sql, values: readonly (string | number | null)[] | undefined): Sql[] {
  if (!values) return [];
  const given = values.filter((value) => value !== null);
  const parts = [
    ...(given.length > 0 ? [sql`${column} IN (${join(given)})`] : []),
    ...(values.includes(null) ? [sql`${column} IS NULL`] : []),
  ];
  return [parts.length > 0 ? sql`(${join(parts, " OR ")})` : sql`FALSE`];
}

/** Numbers, then strings, booleans, null, anything else, and what is missing last whatever the direction. */
function byPath(path: JsonPath, direction: Sql): Sql[] {
  const at = sqliteJsonPath(path);
  const type = sql`json_type(i.parsed, ${at})`;
  const rank = sql`CASE ${type} WHEN 'integer' THEN 0 WHEN 'real' THEN 0 WHEN 'text' THEN 1 WHEN 'true' THEN 2 WHEN 'false' THEN 2 WHEN 'null' THEN 3 ELSE 4 END`;
  return [
    sql`(${type} IS NULL) ASC`,
    sql`${rank} ${direction}`,
    sql`json_extract(i.parsed, ${at}) ${direction}`,
  ];
}

function termsOf(entry: ItemOrder, index: number, ranked: boolean): Sql[] {
  const direction = entry.direction === "desc" ? sql`DESC` : sql`ASC`;
  if ("path" in entry) return byPath(entry.path, direction);
  if (entry.order === "itemId") return [sql`i.item_id ${direction}`];
  if (entry.order === "rank") {
    if (!ranked)
      throw new InvalidQueryError(`orderBy.${index}`, `orderBy.${index}: rank needs a full-text query (fts)`);
    // bm25 is smaller for a better match; ascending rank means worst first.
    return [sql`bm25(pubsub_item_text_index) ${entry.direction === "asc" ? sql`DESC` : sql`ASC`}`];
  }
  // Items seen in one go share an instant; within a node the service's order tells them apart.
  const instant = entry.order === "creation" ? sql`i.created` : sql`i.updated`;
  return [sql`${instant} ${direction}`, sql`n.service`, sql`n.node`, sql`i.position ${direction}`];
}

function orderOf(orderBy: readonly ItemOrder[] | undefined, ranked: boolean): Sql {
  const wanted: readonly ItemOrder[] =
    orderBy && orderBy.length > 0 ? orderBy : [{ order: "modification", direction: "desc" }];
  const terms = wanted.flatMap((entry, index) => termsOf(entry, index, ranked));
  return join([...terms, sql`n.service`, sql`n.node`, sql`i.item_id`, sql`i.id`], ", ");
}

/** Finds cached items by text, place and parsed data. */
export class ItemSearchRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws {InvalidQueryError} naming the part of the search that cannot be used */
  search(search: ItemSearch): Promise<{ items: FoundItem[]; total?: number }> {
    const match = search.fts === undefined ? undefined : toFts5(parseFullTextQuery(search.fts, "fts"));
    const conditions = [
      sql`i.position >= 0`,
      ...among(sql`n.account_id`, search.accountIds),
      ...among(sql`n.service`, search.services),
      ...among(sql`n.node`, search.nodes),
      ...among(sql`n.type`, search.types),
      ...among(sql`n.subtype`, search.subtypes),
      ...among(sql`i.item_id`, search.ids),
      ...(search.parsed ?? []).map((condition, index) =>
        compileCondition(sql`i.parsed`, sql`i.parsed_folded`, condition, `parsed.${index}`),
      ),
    ];
    const items =
      match === undefined
        ? sql`pubsub_item i`
        : sql`pubsub_item_text_index f JOIN pubsub_item i ON i.id = f.rowid`;
    const from = sql`${items} JOIN pubsub_node n ON n.id = i.node_id`;
    if (match !== undefined) conditions.push(sql`pubsub_item_text_index MATCH ${match}`);
    const where = join(conditions, " AND ");
    const order = orderOf(search.orderBy, match !== undefined);
    return this.#db.read(async ({ executor }) => {
      const rows = await executor.all<
        Parameters<typeof recordOf>[0] & { account_id: number; service: string; node: string }
      >(sql`
        SELECT ${itemColumns}, n.account_id, n.service, n.node FROM ${from} WHERE ${where}
        ORDER BY ${order} LIMIT ${search.limit} OFFSET ${search.index ?? 0}`);
      const found = rows.map((row) => ({
        ...recordOf(row),
        accountId: row.account_id,
        service: row.service,
        node: row.node,
      }));
      if (!search.withTotal) return { items: found };
      const counted = await executor.first<{ n: number }>(
        sql`SELECT count(*) AS n FROM ${from} WHERE ${where}`,
      );
      return { items: found, total: Number(counted?.n ?? 0) };
    });
  }
}
