import type { FullTextQuery } from "./search/full-text-query.js";
import type { JsonPath } from "./search/json-path.js";
import type { Sql } from "./sql.js";

/** Values that conditions on JSON compare with. */
export type Scalar = string | number | boolean | null;

/** The value at one path of a JSON column, in SQL. Every condition is false or NULL where there is no such value. */
export interface JsonValue {
  /** Something stands there, JSON null included. */
  readonly exists: Sql;
  readonly isNull: Sql;
  /** It has the JSON type of `value` and stands in this order to it; strings by code point. */
  compare(operator: ComparisonOperator, value: Exclude<Scalar, null>): Sql;
  /** It is one of these, of the same JSON type. */
  oneOf(values: readonly Scalar[]): Sql;
  /** It is a string that fits a LIKE pattern with `\` as the escape. */
  like(pattern: string): Sql;
  /** One of these is an element of the array there; a scalar counts as an array of one, an object as empty. */
  overlaps(values: readonly Scalar[]): Sql;
  /** Terms of ORDER BY: numbers, strings, booleans, null, anything else; what is missing last in either direction. */
  order(direction: Sql): Sql[];
}

export type ComparisonOperator = "=" | "<" | "<=" | ">" | ">=";

/** A list of scalars by their JSON types. */
export function byType(values: readonly Scalar[]) {
  return {
    strings: values.filter((value) => typeof value === "string"),
    numbers: values.filter((value) => typeof value === "number"),
    others: values.filter((value) => value === null || typeof value === "boolean"),
  };
}

/** A full-text search in SQL. */
export interface FullTextMatch {
  /** The searched table under the alias asked for, with what the match needs beside it. */
  readonly from: Sql;
  readonly condition: Sql;
  /** Greater for a better match. */
  readonly rank: Sql;
}

/** The kinds of columns that {@link Dialect.records} makes. */
export type RecordColumnType = "text" | "number";

/** What SQLite and PostgreSQL say differently. */
export interface Dialect {
  readonly name: "sqlite" | "postgres";
  /** A table of texts with the columns `value` and `key` (place in the list, from 0). Give it an alias. */
  list(values: readonly string[]): Sql;
  /** A table of rows, whose texts may be given as UTF-8, with the columns named and `key` (place in the list, from 0). Give it an alias. */
  records<Column extends string>(
    columns: Readonly<Record<Column, RecordColumnType>>,
    rows: readonly Readonly<Partial<Record<Column, string | number | Uint8Array | null>>>[],
  ): Sql;
  /**
   * The ids that a SELECT gives, as a table with the columns `id` and `key` (place among them, from 0), all in one statement;
   * undefined where reading them first costs nothing.
   */
  idsOf(select: Sql): Sql | undefined;
  /** A join whose left side is gone through first, where the planner would not know how small it is. */
  readonly joinInOrder: Sql;
  /**
   * Joins the rows of a table whose ids a SELECT gives, which may name columns of what stands before it and has a limit of
   * its own for each row of that.
   *
   * @param ids selects one column `id`
   */
  joinByIds(table: Sql, alias: Sql, ids: Sql): Sql;
  /** Said after a table: it is gone through in the order of this index, where the planner would sort all of it. */
  inOrderOf(index: string): Sql;
  /** What keeps a condition from leading the planner to an index: the column itself where there is no need. */
  aside(column: Sql): Sql;
  /** An array of values as JSON text, made by the database: hundreds of small rows cost more on their way than in there. */
  jsonArray(values: readonly Sql[]): Sql;
  /** JSON text of a column, as a value of {@link jsonArray}. */
  jsonPart(text: Sql): Sql;
  /** The values of a group as one JSON array, as text. */
  jsonGroup(value: Sql): Sql;
  /**
   * A text and what is JSON text already, if anything, as two members of a JSON object, in UTF-8: `"name":…,"other":…`. What
   * is only handed on need not become text on its way. Undefined where bytes cost more than text.
   */
  jsonMembers(
    text: readonly [name: string, value: Sql],
    json: readonly [name: string, value: Sql],
  ): Sql | undefined;
  /** JSON text on its way into a column that conditions look into. */
  asJson(text: Sql): Sql;
  /**
   * The value at a path of such a column.
   *
   * @param indexed the path has an index of its own ({@link pathIndexes}): the expression must be the index's
   */
  json(column: Sql, path: JsonPath, indexed: boolean): JsonValue;
  /** Statements that make the indexes for one path; the names begin with `name`. */
  pathIndexes(name: string, path: JsonPath): readonly PathIndex[];
  fullText(table: SearchedTable, alias: string, query: FullTextQuery): FullTextMatch;
  /** How the full-text index of a table takes many removals; undefined where one costs no more than writing it did. */
  bulkRemoval(table: SearchedTable): BulkRemoval | undefined;
}

/** A table whose texts are searched. */
export type SearchedTable = "message" | "pubsub_item";

/** An index that overwrites what is removed word by word, and how to do that once for many rows instead. */
export interface BulkRemoval {
  /** How many rows it holds, as `n`. */
  readonly size: Sql;
  /** Words are only marked as removed from here on. */
  readonly begin: Sql;
  /** Makes the index anew from the rows that are left, and goes on as before. */
  readonly end: readonly Sql[];
}

/** An index that searches on one path of parsed data can use. */
export interface PathIndex {
  readonly create: Sql;
  readonly drop: Sql;
}
