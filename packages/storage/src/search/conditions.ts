import type { ConditionOperator } from "@larder/core/bridge";
import { InvalidQueryError } from "../errors.js";
import { join, type Sql, sql } from "../sql.js";
import { foldCase } from "./words.js";

/** A way into a JSON value: strings are keys, integers are array indexes, never the other. */
export type JsonPath = readonly (string | number)[];

export type Scalar = string | number | boolean | null;

/** One condition on parsed data. */
export interface ParsedCondition {
  readonly path: JsonPath;
  readonly op: ConditionOperator;
  readonly value: unknown;
}

const aliases: Partial<Record<ConditionOperator, ConditionOperator>> = {
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};

/**
 * A path in SQLite's notation. A key is written as JSON writes it, which is how the stored text has it
 * too; the whole is bound as a value, never part of the statement.
 */
export function sqliteJsonPath(path: JsonPath): string {
  return `$${path.map((step) => (typeof step === "number" ? `[${step}]` : `.${JSON.stringify(step)}`)).join("")}`;
}

/** The JSON types of SQLite that hold values of one JSON type. */
const typesOf = {
  string: ["text"],
  number: ["integer", "real"],
  boolean: ["true", "false"],
  null: ["null"],
} as const;

function jsonTypeOf(value: Scalar): keyof typeof typesOf {
  return value === null ? "null" : (typeof value as "string" | "number" | "boolean");
}

const isScalar = (value: unknown): value is Scalar =>
  value === null ||
  typeof value === "string" ||
  typeof value === "boolean" ||
  (typeof value === "number" && Number.isFinite(value));

const ORDER: Partial<Record<ConditionOperator, Sql>> = {
  "<": sql`<`,
  "<=": sql`<=`,
  ">": sql`>`,
  ">=": sql`>=`,
};

/** Compiles conditions on one JSON column of SQLite. */
class ConditionCompiler {
  readonly #column: Sql;
  readonly #folded: Sql;
  readonly #path: string;
  readonly #where: string;
  readonly #condition: ParsedCondition;

  constructor(column: Sql, folded: Sql, condition: ParsedCondition, where: string) {
    this.#column = column;
    this.#folded = folded;
    this.#condition = condition;
    this.#path = sqliteJsonPath(condition.path);
    this.#where = where;
  }

  compile(): Sql {
    const op = aliases[this.#condition.op] ?? this.#condition.op;
    const { value } = this.#condition;
    switch (op) {
      case "==":
        return this.#equals(this.#scalar(value));
      case "!=":
        return this.#not(this.#equals(this.#scalar(value)));
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#compare(ORDER[op] ?? sql`<`, this.#ordered(value));
      case "between": {
        const [from, to] = this.#list(value);
        if (this.#list(value).length !== 2) throw this.#wrong("between takes [from, to]");
        return sql`(${this.#compare(sql`>=`, this.#ordered(from))} AND ${this.#compare(sql`<=`, this.#ordered(to))})`;
      }
      case "in":
        return this.#anyOf(this.#list(value));
      case "not_in":
        return this.#not(this.#anyOf(this.#list(value)));
      case "overlap":
      case "ioverlap":
        return this.#overlaps(this.#list(value), op === "ioverlap");
      case "disjoint":
      case "idisjoint":
        return this.#not(this.#overlaps(this.#list(value), op === "idisjoint"));
      case "like":
      case "ilike":
        return this.#like(value, op === "ilike");
      case "not_like":
      case "not_ilike":
        return this.#not(this.#like(value, op === "not_ilike"));
      case "exists":
        if (typeof value !== "boolean") throw this.#wrong("exists takes true or false");
        return value ? sql`(${this.#type()} IS NOT NULL)` : sql`(${this.#type()} IS NULL)`;
      default:
        throw this.#wrong(`unknown operator ${String(op)}`);
    }
  }

  #wrong(message: string): InvalidQueryError {
    return new InvalidQueryError(this.#where, `${this.#where}: ${message}`);
  }

  #type(column = this.#column): Sql {
    return sql`json_type(${column}, ${this.#path})`;
  }

  #extract(column = this.#column): Sql {
    return sql`json_extract(${column}, ${this.#path})`;
  }

  /** A condition that is neither true nor false (a missing field) counts as false, so its opposite is true. */
  #not(condition: Sql): Sql {
    return sql`(${condition} IS NOT TRUE)`;
  }

  #scalar(value: unknown): Scalar {
    if (!isScalar(value)) throw this.#wrong("takes a string, a number, true, false or null");
    return value;
  }

  #ordered(value: unknown): Exclude<Scalar, null> {
    const scalar = this.#scalar(value);
    if (scalar === null) throw this.#wrong("takes a string, a number, true or false");
    return scalar;
  }

  #list(value: unknown): Scalar[] {
    if (!Array.isArray(value)) throw this.#wrong(`${this.#condition.op} takes a list`);
    if (value.length > 1000) throw this.#wrong("the list has more than 1000 values");
    return value.map((entry) => this.#scalar(entry));
  }

  #hasType(value: Scalar): Sql {
    return sql`${this.#type()} IN (${join([...typesOf[jsonTypeOf(value)]])})`;
  }

  #equals(value: Scalar): Sql {
    if (value === null) return sql`(${this.#type()} = 'null')`;
    if (typeof value === "boolean") return sql`(${this.#type()} = ${String(value)})`;
    return sql`(${this.#hasType(value)} AND ${this.#extract()} = ${value})`;
  }

  #compare(operator: Sql, value: Exclude<Scalar, null>): Sql {
    const bound = typeof value === "boolean" ? Number(value) : value; // json_extract gives 0 and 1
    return sql`(${this.#hasType(value)} AND ${this.#extract()} ${operator} ${bound})`;
  }

  #anyOf(values: readonly Scalar[]): Sql {
    return values.length === 0
      ? sql`FALSE`
      : sql`(${join(
          values.map((value) => this.#equals(value)),
          " OR ",
        )})`;
  }

  /** A stored scalar counts as a list of one; objects overlap nothing. */
  #overlaps(values: readonly Scalar[], ignoreCase: boolean): Sql {
    const column = ignoreCase ? this.#folded : this.#column;
    const parts = values.map((value) => {
      if (value === null) return sql`e.type = 'null'`;
      if (typeof value === "boolean") return sql`e.type = ${String(value)}`;
      const wanted = ignoreCase && typeof value === "string" ? foldCase(value) : value;
      return sql`(e.type IN (${join([...typesOf[jsonTypeOf(value)]])}) AND e.value = ${wanted})`;
    });
    if (parts.length === 0) return sql`FALSE`;
    return sql`(${this.#type()} <> 'object' AND EXISTS (SELECT 1 FROM json_each(${column}, ${this.#path}) e WHERE ${join(parts, " OR ")}))`;
  }

  #like(value: unknown, ignoreCase: boolean): Sql {
    if (typeof value !== "string") throw this.#wrong(`${this.#condition.op} takes a string`);
    if (/(^|[^\\])(\\\\)*\\$/.test(value)) throw this.#wrong("the pattern ends in a lone backslash");
    const column = ignoreCase ? this.#folded : this.#column;
    const pattern = ignoreCase ? foldCase(value) : value;
    return sql`(${this.#type()} = 'text' AND ${this.#extract(column)} LIKE ${pattern} ESCAPE '\\')`;
  }
}

/**
 * One condition as SQL for SQLite. Values of different JSON types never compare as equal; a missing
 * field makes every operator false but the negative ones.
 *
 * @param column the JSON; `folded` the same with its strings case-folded
 * @param where names the condition in errors, for example `parsed.0`
 * @throws {InvalidQueryError} the value does not fit the operator
 */
export function compileCondition(column: Sql, folded: Sql, condition: ParsedCondition, where: string): Sql {
  return new ConditionCompiler(column, folded, condition, where).compile();
}

/** A copy of a JSON value with every string case-folded, keys excepted. */
export function foldJson(value: unknown): unknown {
  if (typeof value === "string") return foldCase(value);
  if (Array.isArray(value)) return value.map(foldJson);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, foldJson(entry)]));
  }
  return value;
}
