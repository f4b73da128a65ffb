import { byType, type ComparisonOperator, type Dialect, type JsonValue, type Scalar } from "../dialect.js";
import { toFts5 } from "../search/full-text-query.js";
import { notation } from "../search/json-path.js";
import { textOf } from "../search/stored-text.js";
import { empty, join, literal, raw, type Sql, Statement, sql, unstorableText } from "../sql.js";

/** The JSON types of SQLite that hold values of one JSON type. */
const typesOf = {
  string: sql`('text')`,
  number: sql`('integer', 'real')`,
  boolean: sql`('true', 'false')`,
};

/** Beyond 2^53 JavaScript writes an integer with other digits than the double has; the stored JSON has what it writes. */
const bound = (value: Exclude<Scalar, null>): Sql => {
  if (typeof value === "boolean") return sql`${Number(value)}`; // what json_extract makes of it
  if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value))
    return sql`${value}`;
  return sql`CAST(${String(value)} AS NUMERIC)`;
};

/** A value of this type is in the list. The list is bound as JSON, in which numbers are what they are in stored JSON. */
function amongScalars(type: Sql, value: Sql, values: readonly Scalar[]): Sql {
  const { strings, numbers, others } = byType(values);
  const listed = (list: readonly Scalar[]) =>
    sql`${value} IN (SELECT w.value FROM json_each(${JSON.stringify(list)}) w)`;
  const parts = [
    ...(strings.length > 0 ? [sql`(${type} IN ${typesOf.string} AND ${listed(strings)})`] : []),
    ...(numbers.length > 0 ? [sql`(${type} IN ${typesOf.number} AND ${listed(numbers)})`] : []),
    ...[...new Set(others)].map((other) => sql`${type} = ${String(other)}`),
  ];
  return sql`(${join(parts, " OR ")})`;
}

/** U+0000 and half surrogate pairs, which JSON writes as escapes. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

function boundJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (UNSTORABLE.test(json)) throw unstorableText();
  return json;
}

class SqliteJsonValue implements JsonValue {
  readonly #column: Sql;
  readonly #path: Sql;

  constructor(column: Sql, path: Sql) {
    this.#column = column;
    this.#path = path;
  }

  get #type(): Sql {
    return sql`json_type(${this.#column}, ${this.#path})`;
  }

  get #value(): Sql {
    return sql`json_extract(${this.#column}, ${this.#path})`;
  }

  get exists(): Sql {
    return sql`${this.#type} IS NOT NULL`;
  }

  get isNull(): Sql {
    return sql`${this.#type} = 'null'`;
  }

  compare(operator: ComparisonOperator, value: Exclude<Scalar, null>): Sql {
    const types = typesOf[typeof value as keyof typeof typesOf];
    return sql`(${this.#type} IN ${types} AND ${this.#value} ${raw(operator)} ${bound(value)})`;
  }

  like(pattern: string): Sql {
    return sql`(${this.#type} = 'text' AND ${this.#value} LIKE ${pattern} ESCAPE '\\')`;
  }

  oneOf(values: readonly Scalar[]): Sql {
    return amongScalars(this.#type, this.#value, values);
  }

  overlaps(values: readonly Scalar[]): Sql {
    return sql`(${this.#type} <> 'object' AND EXISTS (SELECT 1 FROM json_each(${this.#column}, ${this.#path}) e
      WHERE ${amongScalars(sql`e.type`, sql`e.value`, values)}))`;
  }

  order(direction: Sql): Sql[] {
    const rank = sql`CASE ${this.#type} WHEN 'integer' THEN 0 WHEN 'real' THEN 0 WHEN 'text' THEN 1
      WHEN 'true' THEN 2 WHEN 'false' THEN 2 WHEN 'null' THEN 3 ELSE 4 END`;
    return [
      sql`(${this.#type} IS NULL) ASC`,
      sql`${rank} ${direction}`,
      sql`CASE WHEN ${this.#type} NOT IN ('object', 'array') THEN ${this.#value} END ${direction}`,
    ];
  }
}

/** A statement of SQLite's binds 32,766 values; so many are left for the rest of it. */
const MAX_VALUES = 30_000;

/** From so many rows on, what all have alike is bound once: fewer would make many statements of one. */
const MANY_ROWS = 50;

type Cells<Column extends string> = Readonly<Partial<Record<Column, string | number | Uint8Array | null>>>;

/** Every row has this value: as a page of an archive has one account, and mostly one type. */
function isSame<Column extends string>(rows: readonly Cells<Column>[], name: Column): boolean {
  const value = rows[0]?.[name] ?? null;
  return !(value instanceof Uint8Array) && rows.every((row) => (row[name] ?? null) === value);
}

const joined = (parts: readonly Sql[]): Sql => (parts.length > 0 ? join(parts, "") : empty);

/** Rows of values, each after its place in the list, which stands there as it is: a bound value costs a microsecond. */
function keyed<Column extends string>(names: readonly Column[], rows: readonly Cells<Column>[]): Sql {
  const strings: string[] = [];
  const values: (string | number | Uint8Array | null)[] = [];
  let before = "";
  for (const [place, row] of rows.entries()) {
    before += `${place === 0 ? "" : ","}(${place}`;
    for (const name of names) {
      strings.push(`${before},`);
      values.push(row[name] ?? null);
      before = "";
    }
    before += ")";
  }
  strings.push(before);
  return new Statement(strings, values);
}

/** Rows by one bound value. Rows of bound values are a fifth faster, but their number is limited. */
function jsonRecords<Column extends string>(
  names: readonly Column[],
  rows: readonly Cells<Column>[],
  shared: readonly Sql[],
): Sql {
  const fields = names.map((name, place) => sql`, value->>${raw(String(place))} AS ${raw(name)}`);
  const values = rows.map((row) =>
    names.map((name) => {
      const value = row[name];
      return value instanceof Uint8Array ? textOf(value) : (value ?? null);
    }),
  );
  return sql`(SELECT key${joined(fields)}${joined(shared)} FROM json_each(${boundJson(values)}))`;
}

/** SQL as SQLite 3.38 and later says it (JSON operators, FTS5). */
export const sqliteDialect: Dialect = {
  name: "sqlite",
  list: (values) => sql`json_each(${boundJson(values)})`,
  records(columns, rows) {
    const all = Object.keys(columns) as (keyof typeof columns)[];
    const same = rows.length < MANY_ROWS ? [] : all.filter((name) => isSame(rows, name));
    const shared = same.map((name) => sql`, ${rows[0]?.[name] ?? null} AS ${raw(name)}`);
    const names = all.filter((name) => !same.includes(name));
    if (rows.length === 0 || rows.length * (names.length + 1) > MAX_VALUES)
      return jsonRecords(names, rows, shared);
    // Bytes are bound as a BLOB, which to SQLite is a text by being called so.
    const fields = names
      .map((name, index) =>
        rows.some((row) => row[name] instanceof Uint8Array)
          ? `, CAST(column${index + 2} AS TEXT) AS ${name}`
          : `, column${index + 2} AS ${name}`,
      )
      .join("");
    return sql`(SELECT column1 AS key${raw(fields)}${joined(shared)} FROM (VALUES ${keyed(names, rows)}))`;
  },
  idsOf: () => undefined,
  joinInOrder: sql`CROSS JOIN`,
  joinByIds: (table, alias, ids) => sql`CROSS JOIN ${table} ${alias} ON ${alias}.id IN (${ids})`,
  inOrderOf: (index) => sql`INDEXED BY ${raw(index)}`,
  aside: (column) => sql`+${column}`,
  jsonArray: (values) => sql`json_array(${join([...values])})`,
  jsonPart: (text) => sql`json(${text})`,
  jsonGroup: (value) => sql`json_group_array(${value})`,
  jsonMembers: ([textName, text], [jsonName, json]) =>
    sql`CAST(${literal(`"${textName}":`)} || json_quote(${text}) || coalesce(${literal(`,"${jsonName}":`)} || ${json}, '') AS BLOB)`,
  asJson: (text) => text,
  // An index is only used where the statement says the same path, which a bound value does not.
  json: (column, path, indexed) =>
    new SqliteJsonValue(column, indexed ? literal(notation(path)) : sql`${notation(path)}`),
  pathIndexes: (name, path) => [
    {
      drop: sql`DROP INDEX IF EXISTS ${raw(`"${name}"`)}`,
      create: sql`CREATE INDEX IF NOT EXISTS ${raw(`"${name}"`)} ON pubsub_item (json_extract(parsed, ${literal(notation(path))}))`,
    },
  ],
  fullText(table, alias, query) {
    const index = raw(`${table}_text_index`);
    return {
      from: sql`${index} JOIN ${raw(`${table} ${alias}`)} ON ${raw(alias)}.id = ${index}.rowid`,
      condition: sql`${index} MATCH ${toFts5(query)}`,
      rank: sql`-bm25(${index})`,
    };
  },
  bulkRemoval(table) {
    const index = raw(`${table}_text_index`);
    const overwriting = (on: number) =>
      sql`INSERT INTO ${index}(${index}, rank) VALUES ('secure-delete', ${on})`;
    return {
      size: sql`SELECT count(*) AS n FROM ${raw(`${table}_text_index_docsize`)}`,
      begin: overwriting(0),
      // Not 'optimize': it keeps what is marked, word by word, where segments were promoted to a lower level.
      end: [sql`INSERT INTO ${index}(${index}) VALUES ('rebuild')`, overwriting(1)],
    };
  },
};
