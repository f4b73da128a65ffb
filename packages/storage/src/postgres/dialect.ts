import {
  byType,
  type ComparisonOperator,
  type Dialect,
  type JsonValue,
  type RecordColumnType,
  type Scalar,
} from "../dialect.js";
import { type JsonPath, notation } from "../search/json-path.js";
import { textOf as decoded } from "../search/stored-text.js";
import { empty, join, literal, raw, type Sql, sql } from "../sql.js";
import { exactPhrases, toTsquery } from "./full-text.js";

/**
 * A B-tree keeps entries of at most 2,704 bytes: an index holds the beginning of a string. Beside a shorter value that
 * decides; beside a longer one the whole is compared after it, which reads each row's JSON.
 */
const INDEXED_CHARACTERS = 500;

/**
 * The value there, or NULL. `strict` tells keys from indexes, and scalars from arrays of one; silent,
 * because what is missing is no error.
 */
const at = (column: Sql, path: JsonPath, spell: (text: string) => Sql): Sql =>
  sql`jsonb_path_query_first(${column}, ${spell(`strict ${notation(path)}`)}::jsonpath, '{}'::jsonb, true)`;
const bound = (text: string): Sql => sql`${text}`;

const numberOf = (value: Sql): Sql =>
  sql`CASE WHEN jsonb_typeof(${value}) = 'number' THEN (${value} #>> '{}')::numeric END`;
const textOf = (value: Sql): Sql =>
  sql`(CASE WHEN jsonb_typeof(${value}) = 'string' THEN ${value} #>> '{}' END) COLLATE "C"`;
const beginningOf = (value: Sql): Sql =>
  sql`left((CASE WHEN jsonb_typeof(${value}) = 'string' THEN ${value} #>> '{}' END), ${raw(String(INDEXED_CHARACTERS))}) COLLATE "C"`;

const beginning = (text: string): string => [...text].slice(0, INDEXED_CHARACTERS).join("");
const isDecidedByBeginning = (text: string): boolean => [...text].length < INDEXED_CHARACTERS;

/** The driver binds an array of JavaScript's as one of PostgreSQL's. */
const array = (values: readonly unknown[]): Sql => sql`${values as unknown as string}`;

const boundNumber = (value: number): Sql => sql`${String(value)}::numeric`;

class PostgresJsonValue implements JsonValue {
  readonly #value: Sql;
  readonly #indexed: boolean;

  constructor(value: Sql, indexed: boolean) {
    this.#value = value;
    this.#indexed = indexed;
  }

  get exists(): Sql {
    return sql`${this.#value} IS NOT NULL`;
  }

  get isNull(): Sql {
    return sql`jsonb_typeof(${this.#value}) = 'null'`;
  }

  compare(operator: ComparisonOperator, value: Exclude<Scalar, null>): Sql {
    const sign = raw(operator);
    if (typeof value === "number") return sql`(${numberOf(this.#value)} ${sign} ${boundNumber(value)})`;
    if (typeof value === "boolean") {
      return sql`(CASE WHEN jsonb_typeof(${this.#value}) = 'boolean' THEN (${this.#value} #>> '{}')::boolean END ${sign} ${value}::boolean)`;
    }
    const whole = sql`${textOf(this.#value)} ${sign} ${value}::text`;
    if (!this.#indexed) return sql`(${whole})`;
    if (isDecidedByBeginning(value)) return sql`(${beginningOf(this.#value)} ${sign} ${value}::text)`;
    const loose = raw(operator.length === 1 && operator !== "=" ? `${operator}=` : operator);
    return sql`(${beginningOf(this.#value)} ${loose} ${beginning(value)}::text AND ${whole})`;
  }

  oneOf(values: readonly Scalar[]): Sql {
    const { strings, numbers, others } = byType(values);
    const whole = sql`${textOf(this.#value)} = ANY(${array(strings)}::text[])`;
    const begun = sql`${beginningOf(this.#value)} = ANY(${array(strings.map(beginning))}::text[])`;
    const among = strings.every(isDecidedByBeginning) ? begun : sql`(${begun} AND ${whole})`;
    const parts = [
      ...(strings.length > 0 ? [this.#indexed ? among : whole] : []),
      ...(numbers.length > 0
        ? [sql`${numberOf(this.#value)} = ANY(${array(numbers.map(String))}::numeric[])`]
        : []),
      ...[...new Set(others)].map((other) => sql`${this.#value} = ${String(other)}::jsonb`),
    ];
    return sql`(${join(parts, " OR ")})`;
  }

  like(pattern: string): Sql {
    return sql`(${textOf(this.#value)} LIKE ${pattern}::text ESCAPE '\\')`;
  }

  overlaps(values: readonly Scalar[]): Sql {
    const wanted = JSON.stringify(values);
    return sql`EXISTS (
      SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof(${this.#value}) WHEN 'array' THEN ${this.#value}
        WHEN 'object' THEN '[]'::jsonb ELSE jsonb_build_array(${this.#value}) END) e
      WHERE ${this.#value} IS NOT NULL AND e IN (SELECT w FROM jsonb_array_elements(${wanted}::jsonb) w))`;
  }

  order(direction: Sql): Sql[] {
    const rank = sql`CASE jsonb_typeof(${this.#value}) WHEN 'number' THEN 0 WHEN 'string' THEN 1 WHEN 'boolean' THEN 2
      WHEN 'null' THEN 3 ELSE 4 END`;
    return [
      sql`(${this.#value} IS NULL) ASC`,
      sql`${rank} ${direction}`,
      sql`${numberOf(this.#value)} ${direction}`,
      sql`${textOf(this.#value)} ${direction}`,
      sql`(${this.#value} = 'true'::jsonb) ${direction}`,
    ];
  }
}

const decodedValue = (value: string | number | Uint8Array | null | undefined) =>
  value instanceof Uint8Array ? decoded(value) : (value ?? null);

/** SQL as PostgreSQL 14 and later says it. Text columns are made with `COLLATE "C"`, so that order is by code point. */
export const postgresDialect: Dialect = {
  name: "postgres",
  list: (values) =>
    sql`(SELECT value, listed_at - 1 AS key FROM unnest(${array(values)}::text[]) WITH ORDINALITY AS listed (value, listed_at))`,
  records(columns, rows) {
    const names = Object.keys(columns) as (keyof typeof columns)[];
    const types: Record<RecordColumnType, Sql> = { text: sql`text[]`, number: sql`bigint[]` };
    const arrays = names.map(
      (name) => sql`${array(rows.map((row) => decodedValue(row[name])))}::${types[columns[name]]}`,
    );
    return sql`(SELECT listed_at - 1 AS key, ${raw(names.join(", "))} FROM unnest(${join(arrays, ", ")})
      WITH ORDINALITY AS listed (${raw(names.join(", "))}, listed_at))`;
  },
  idsOf: (select) =>
    sql`(SELECT id, listed_at - 1 AS key FROM unnest(ARRAY(${select})) WITH ORDINALITY AS listed (id, listed_at))`,
  joinInOrder: sql`JOIN`,
  joinByIds: (table, alias, ids) =>
    sql`CROSS JOIN LATERAL (${ids}) AS chosen JOIN ${table} ${alias} ON ${alias}.id = chosen.id`,
  inOrderOf: () => empty,
  aside: (column) => column,
  jsonArray: (values) => sql`json_build_array(${join([...values])})`,
  jsonPart: (text) => sql`${text}::json`,
  jsonGroup: (value) => sql`json_agg(${value})::text`,
  jsonMembers: () => undefined,
  asJson: (text) => sql`${text}::jsonb`,
  json: (column, path, indexed) =>
    new PostgresJsonValue(at(column, path, indexed ? literal : bound), indexed),
  pathIndexes(name, path) {
    const value = at(sql`parsed`, path, literal);
    const make = (suffix: string, expression: Sql) => {
      const index = raw(`"${name}_${suffix}"`);
      return {
        create: sql`CREATE INDEX IF NOT EXISTS ${index} ON pubsub_item ((${expression}))`,
        drop: sql`DROP INDEX IF EXISTS ${index}`,
      };
    };
    return [make("number", numberOf(value)), make("text", beginningOf(value))];
  },
  bulkRemoval: () => undefined,
  fullText(table, alias, query) {
    const row = raw(alias);
    const tsquery = sql`${toTsquery(query)}::tsquery`;
    const phrases = exactPhrases(query, sql`${row}.search_vector`, sql`${row}.search_text`);
    return {
      from: raw(`${table} ${alias}`),
      condition: phrases
        ? sql`${row}.search_vector @@ ${tsquery} AND ${phrases}`
        : sql`${row}.search_vector @@ ${tsquery}`,
      rank: sql`ts_rank(${row}.search_vector, ${tsquery})`,
    };
  },
};
