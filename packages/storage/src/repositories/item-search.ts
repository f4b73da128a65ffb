import type { Database } from "../database.js";
import type { Dialect, FullTextMatch } from "../dialect.js";
import { InvalidQueryError } from "../errors.js";
import { compileCondition, type ParsedCondition } from "../search/conditions.js";
import { parseFullTextQuery } from "../search/full-text-query.js";
import { checkPath, type JsonPath } from "../search/json-path.js";
import { checkLength, MAX_VALUES } from "../search/limits.js";
import { type Executor, empty, isStorable, join, type Sql, sql } from "../sql.js";
import { type ItemRecord, type ItemRow, itemColumns, recordOf } from "./item-record.js";
import { readableBy } from "./nodes.js";

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
  /** Who may read it: one, or all that share its node. */
  readonly accountIds: readonly number[];
  readonly service: string;
  readonly node: string;
}

function checkCount(value: number, where: string): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidQueryError(where, `${where}: takes an integer from 0 on`);
}

const MAX_CONDITIONS = 100;
const MAX_ORDERS = 20;

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

function ofAccounts(ids: readonly number[] | undefined): Sql[] {
  checkLength(ids, MAX_VALUES, "accountIds");
  for (const id of ids ?? []) checkCount(id, "accountIds");
  return ids ? [readableBy(ids)] : [];
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

  /** Conditions on the node alone. */
  get place(): Sql[] {
    const { accountIds, services, nodes, types, subtypes } = this.#search;
    return [
      ...ofAccounts(accountIds),
      ...among(sql`n.service`, services, "services"),
      ...among(sql`n.node`, nodes, "nodes"),
      ...among(sql`n.type`, types, "types"),
      ...among(sql`n.subtype`, subtypes, "subtypes"),
    ];
  }

  /**
   * The tables and conditions, for a search of all nodes that fit or of one.
   *
   * A search of everywhere that an index on items answers must begin with them; beginning with the
   * nodes, which are few, SQLite would read every item.
   */
  source(nodeId: number | undefined): Sql {
    const { ids, parsed, orderBy } = this.#search;
    const everywhere = nodeId === undefined && this.place.length === 0 && !this.#match && !ids;
    const byPath = everywhere && parsed?.some(({ path, op }) => this.#isIndexed(path) && LED_BY.has(op));
    const byTime = everywhere && !parsed?.length ? timeIndex(orderBy) : undefined;
    const items = this.#match?.from ?? sql`pubsub_item i ${byTime ? this.#dialect.inOrderOf(byTime) : empty}`;
    const join = byPath || byTime ? this.#dialect.joinInOrder : sql`JOIN`;
    const position = byPath || byTime ? this.#dialect.aside(sql`i.position`) : sql`i.position`;
    const conditions = [
      sql`${position} >= 0`,
      ...(this.#match ? [this.#match.condition] : []),
      ...(nodeId === undefined ? this.place : [sql`i.node_id = ${nodeId}`]),
      ...among(sql`i.item_id`, ids, "ids"),
      ...(parsed ?? []).map((condition, index) => this.#condition(condition, `parsed.${index}`)),
    ];
    return sql`${items} ${join} pubsub_node n ON n.id = i.node_id WHERE ${all(conditions)}`;
  }

  order(nodeId: number | undefined): Sql {
    const { orderBy } = this.#search;
    const wanted: readonly ItemOrder[] =
      orderBy && orderBy.length > 0 ? orderBy : [{ order: "modification", direction: "desc" }];
    const terms = wanted.flatMap((entry, index) =>
      this.#terms(entry, `orderBy.${index}`, nodeId !== undefined),
    );
    return list([...terms, ...(nodeId === undefined ? NODE_TERMS : []), sql`i.item_id`, sql`i.id`]);
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

  #terms(entry: ItemOrder, where: string, oneNode: boolean): Sql[] {
    const refuse = (part: string, why: string) =>
      new InvalidQueryError(`${where}.${part}`, `${where}.${part}: ${why}`);
    if (entry.direction !== undefined && entry.direction !== "asc" && entry.direction !== "desc")
      throw refuse("direction", "is asc or desc");
    const direction = entry.direction === "desc" ? sql`DESC` : sql`ASC`;
    if ("path" in entry) {
      checkPath(entry.path, `${where}.path`);
      return this.#dialect.json(sql`i.parsed`, entry.path, false).order(direction);
    }
    // Items seen in one go share an instant; within a node the service's order tells them apart.
    const nodes = oneNode ? [] : NODE_TERMS;
    switch (entry.order) {
      case "itemId":
        return [sql`i.item_id ${direction}`];
      case "rank":
        if (!this.#match) throw new InvalidQueryError(where, `${where}: rank needs a full-text query (fts)`);
        return [sql`${this.#match.rank} ${direction}`];
      case "creation":
        return [sql`i.created ${direction}`, ...nodes, sql`i.position ${direction}`];
      case "modification":
        return [sql`i.updated ${direction}`, ...nodes, sql`i.position ${direction}`];
      default:
        throw refuse("order", "is creation, modification, itemId or rank");
    }
  }
}

const NODE_TERMS = [sql`n.service`, sql`n.node`];

const all = (conditions: Sql[]): Sql => join(conditions, " AND ");
const list = (terms: Sql[]): Sql => join(terms, ", ");

/** Operators whose answer an index leads to. */
const LED_BY = new Set<string>(["==", "eq", "<", "lt", "<=", "le", ">", "gt", ">=", "ge", "between", "in"]);

/** The index that has the items of all nodes in the order asked, but for ties. */
function timeIndex(orderBy: ItemSearch["orderBy"]): string | undefined {
  const first = orderBy?.[0];
  if (!first) return "pubsub_item_by_updated";
  if (!("order" in first)) return undefined;
  if (first.order === "modification") return "pubsub_item_by_updated";
  return first.order === "creation" ? "pubsub_item_by_created" : undefined;
}

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
      const compiler = this.#compiler(search, executor);
      idsOf(search, compiler, undefined); // refuses what is wrong, also where no node fits
      const nodeId = await onlyNode(executor, compiler);
      if (nodeId === null) return { items: [], ...(search.withTotal && { total: 0 }) };
      const items = await this.#load(executor, idsOf(search, compiler, nodeId));
      if (!search.withTotal) return { items };
      const counted = await executor.first<{ n: number }>(
        sql`SELECT count(*) AS n FROM ${compiler.source(nodeId)}`,
      );
      return { items, total: counted?.n ?? 0 };
    });
  }

  /** How the engine would go about a search, in its own words, a line for each step. */
  plan(search: ItemSearch): Promise<string[]> {
    return this.#db.read(async ({ executor }) => {
      const compiler = this.#compiler(search, executor);
      const nodeId = await onlyNode(executor, compiler);
      if (nodeId === null) return [];
      await executor.all(sql`SELECT key FROM setting LIMIT 1`); // EXPLAIN alone would not see that the schema has changed
      const page = idsOf(search, compiler, nodeId);
      const explain =
        executor.dialect.name === "sqlite" ? sql`EXPLAIN QUERY PLAN ${page}` : sql`EXPLAIN ${page}`;
      const rows = await executor.all<{ detail?: string; "QUERY PLAN"?: string }>(explain);
      return rows.map((row) => row.detail ?? row["QUERY PLAN"] ?? "");
    });
  }

  #compiler(search: ItemSearch, { dialect }: Executor): SearchCompiler {
    return new SearchCompiler(search, dialect, (path) => this.#db.pathIndexes.has(path));
  }

  /** The rows of a page. They are read when it is known which, so that whole items are not sorted. */
  async #load(executor: Executor, ids: Sql): Promise<FoundItem[]> {
    const { dialect } = executor;
    const page =
      dialect.idsOf(ids) ?? dialect.records({ id: "number" }, await executor.all<{ id: number }>(ids));
    const rows = await executor.all<
      ItemRow & { account_id: number | null; service: string; node: string }
    >(sql`SELECT ${itemColumns}, n.account_id, n.service, n.node FROM ${page} AS found
      ${dialect.joinInOrder} pubsub_item i ON i.id = found.id JOIN pubsub_node n ON n.id = i.node_id ORDER BY found.key`);
    const shared = [...new Set(rows.flatMap((row) => (row.account_id === null ? row.node_id : [])))];
    const readers = shared.length > 0 ? await readersOf(executor, shared) : new Map<number, number[]>();
    return rows.map((row) => ({
      ...recordOf(row),
      accountIds: row.account_id === null ? (readers.get(row.node_id) ?? []) : [row.account_id],
      service: row.service,
      node: row.node,
    }));
  }
}

async function readersOf(executor: Executor, nodeIds: readonly number[]): Promise<Map<number, number[]>> {
  const rows = await executor.all<{ node_id: number; account_id: number }>(
    sql`SELECT node_id, account_id FROM pubsub_node_reader WHERE node_id IN (${join([...nodeIds])}) ORDER BY account_id`,
  );
  const found = new Map<number, number[]>();
  for (const { node_id, account_id } of rows) found.set(node_id, [...(found.get(node_id) ?? []), account_id]);
  return found;
}

/** The ids of a page, in order. */
const idsOf = (search: ItemSearch, compiler: SearchCompiler, nodeId: number | undefined): Sql =>
  sql`SELECT i.id FROM ${compiler.source(nodeId)} ORDER BY ${compiler.order(nodeId)}
    LIMIT ${search.limit} OFFSET ${search.index ?? 0}`;

/**
 * The one node that a search is about, which has indexes of its own for it.
 *
 * @returns undefined where it may be about several, null where it is about none
 */
async function onlyNode(executor: Executor, { place }: SearchCompiler): Promise<number | undefined | null> {
  if (place.length === 0) return undefined;
  const rows = await executor.all<{ id: number }>(
    sql`SELECT n.id FROM pubsub_node n WHERE ${all(place)} LIMIT 2`,
  );
  return rows.length > 1 ? undefined : (rows[0]?.id ?? null);
}
