import type { Database } from "../database.js";
import type { Dialect, FullTextMatch } from "../dialect.js";
import { InvalidQueryError } from "../errors.js";
import { compileCondition, type ParsedCondition } from "../search/conditions.js";
import { parseFullTextQuery } from "../search/full-text-query.js";
import { checkPath, type JsonPath } from "../search/json-path.js";
import { isStorable, join, type Sql, sql } from "../sql.js";
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

function checkCount(value: number, where: string): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidQueryError(where, `${where}: takes an integer from 0 on`);
}

/** At most as many values as both engines bind beside everything else. */
const MAX_VALUES = 1000;
const MAX_CONDITIONS = 100;
const MAX_ORDERS = 20;

function checkLength(list: readonly unknown[] | undefined, most: number, where: string): void {
  if (list && list.length > most)
    throw new InvalidQueryError(where, `${where}: the list has more than ${most} entries`);
}

function among(column: Sql, values: readonly (string | number | null)[] | undefined, where: string): Sql[] {
  if (!values) return [];
  checkLength(values, MAX_VALUES, where);
  const given = values.filter((value) => value !== null);
  for (const value of given) {
    if (typeof value === "number" ? !Number.isSafeInteger(value) : !isStorable(value))
      throw new InvalidQueryError(
        where,
        `${where}: ${JSON.stringify(value)} is a value that is never stored`,
      );
  }
  const parts = [
    ...(given.length > 0 ? [sql`${column} IN (${join(given)})`] : []),
    ...(values.includes(null) ? [sql`${column} IS NULL`] : []),
  ];
  return [parts.length > 0 ? sql`(${join(parts, " OR ")})` : sql`FALSE`];
}

/** One search on its way into SQL. */
class SearchCompiler {
  readonly #search: ItemSearch;
  readonly #dialect: Dialect;
  readonly #isIndexed: (path: JsonPath) => boolean;
  readonly #match: FullTextMatch | undefined;

  constructor(search: ItemSearch, dialect: Dialect, isIndexed: (path: JsonPath) => boolean) {
    this.#search = search;
    this.#dialect = dialect;
    this.#isIndexed = isIndexed;
    this.#match =
      search.fts === undefined
        ? undefined
        : dialect.fullText("pubsub_item", "i", parseFullTextQuery(search.fts, "fts"));
  }

  get from(): Sql {
    return sql`${this.#match?.from ?? sql`pubsub_item i`} JOIN pubsub_node n ON n.id = i.node_id`;
  }

  get where(): Sql {
    const { accountIds, services, nodes, types, subtypes, ids, parsed } = this.#search;
    const conditions = [
      sql`i.position >= 0`,
      ...(this.#match ? [this.#match.condition] : []),
      ...among(sql`n.account_id`, accountIds, "accountIds"),
      ...among(sql`n.service`, services, "services"),
      ...among(sql`n.node`, nodes, "nodes"),
      ...among(sql`n.type`, types, "types"),
      ...among(sql`n.subtype`, subtypes, "subtypes"),
      ...among(sql`i.item_id`, ids, "ids"),
      ...(parsed ?? []).map((condition, index) => this.#condition(condition, `parsed.${index}`)),
    ];
    return join(conditions, " AND ");
  }

  get order(): Sql {
    const { orderBy } = this.#search;
    const wanted: readonly ItemOrder[] =
      orderBy && orderBy.length > 0 ? orderBy : [{ order: "modification", direction: "desc" }];
    const terms = wanted.flatMap((entry, index) => this.#terms(entry, `orderBy.${index}`));
    return join([...terms, sql`n.service`, sql`n.node`, sql`i.item_id`, sql`i.id`], ", ");
  }

  #condition(condition: ParsedCondition, where: string): Sql {
    const { path } = condition;
    checkPath(path, `${where}.path`);
    const target = {
      value: this.#dialect.json(sql`i.parsed`, path, this.#isIndexed(path)),
      folded: this.#dialect.json(sql`i.parsed_folded`, path, false),
    };
    return compileCondition(target, condition, where);
  }

  #terms(entry: ItemOrder, where: string): Sql[] {
    const refuse = (part: string, why: string) =>
      new InvalidQueryError(`${where}.${part}`, `${where}.${part}: ${why}`);
    if (entry.direction !== undefined && entry.direction !== "asc" && entry.direction !== "desc")
      throw refuse("direction", "is asc or desc");
    const direction = entry.direction === "desc" ? sql`DESC` : sql`ASC`;
    if ("path" in entry) {
      checkPath(entry.path, `${where}.path`);
      return this.#dialect.json(sql`i.parsed`, entry.path, false).order(direction);
    }
    switch (entry.order) {
      case "itemId":
        return [sql`i.item_id ${direction}`];
      case "rank":
        if (!this.#match) throw new InvalidQueryError(where, `${where}: rank needs a full-text query (fts)`);
        return [sql`${this.#match.rank} ${direction}`];
      case "creation":
        return inOrderOf(sql`i.created`, direction);
      case "modification":
        return inOrderOf(sql`i.updated`, direction);
      default:
        throw refuse("order", "is creation, modification, itemId or rank");
    }
  }
}

/** Items seen in one go share an instant; within a node the service's order tells them apart. */
const inOrderOf = (instant: Sql, direction: Sql): Sql[] => [
  sql`${instant} ${direction}`,
  sql`n.service`,
  sql`n.node`,
  sql`i.position ${direction}`,
];

/** Finds cached items by text, place and parsed data. */
export class ItemSearchRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws {InvalidQueryError} naming the part of the search that cannot be used */
  async search(search: ItemSearch): Promise<{ items: FoundItem[]; total?: number }> {
    checkCount(search.limit, "limit");
    checkCount(search.index ?? 0, "index");
    checkLength(search.parsed, MAX_CONDITIONS, "parsed");
    checkLength(search.orderBy, MAX_ORDERS, "orderBy");
    return this.#db.read(async ({ executor }) => {
      const compiled = this.#compile(search, executor.dialect);
      const rows = await executor.all<
        Parameters<typeof recordOf>[0] & { account_id: number; service: string; node: string }
      >(compiled.page);
      const found = rows.map((row) => ({
        ...recordOf(row),
        accountId: row.account_id,
        service: row.service,
        node: row.node,
      }));
      if (!search.withTotal) return { items: found };
      const counted = await executor.first<{ n: number }>(compiled.total);
      return { items: found, total: counted?.n ?? 0 };
    });
  }

  /** How the engine would go about a search, in its own words, a line for each step. */
  plan(search: ItemSearch): Promise<string[]> {
    return this.#db.read(async ({ executor }) => {
      const { page } = this.#compile(search, executor.dialect);
      const explain =
        executor.dialect.name === "sqlite" ? sql`EXPLAIN QUERY PLAN ${page}` : sql`EXPLAIN ${page}`;
      const rows = await executor.all<{ detail?: string; "QUERY PLAN"?: string }>(explain);
      return rows.map((row) => row.detail ?? row["QUERY PLAN"] ?? "");
    });
  }

  #compile(search: ItemSearch, dialect: Dialect): { page: Sql; total: Sql } {
    const { from, where, order } = new SearchCompiler(search, dialect, (path) =>
      this.#db.pathIndexes.has(path),
    );
    return {
      page: sql`SELECT ${itemColumns}, n.account_id, n.service, n.node FROM ${from} WHERE ${where}
        ORDER BY ${order} LIMIT ${search.limit} OFFSET ${search.index ?? 0}`,
      total: sql`SELECT count(*) AS n FROM ${from} WHERE ${where}`,
    };
  }
}
