import type { ConditionOperator } from "@larder/core/bridge";
import type { ComparisonOperator, JsonValue, Scalar } from "../dialect.js";
import { InvalidQueryError } from "../errors.js";
import { isStorable, type Sql, sql, unstorableText } from "../sql.js";
import type { JsonPath } from "./json-path.js";
import { foldCase } from "./words.js";

/** One condition on parsed data. */
export interface ParsedCondition {
  readonly path: JsonPath;
  readonly op: ConditionOperator;
  readonly value: unknown;
}

const MAX_LIST = 1000;
/** SQLite matches a pattern by trying: a long one with many wildcards would hold a reader for minutes. */
const MAX_PATTERN = 1000;
const MAX_WILDCARDS = 50;

const comparisons: Partial<Record<ConditionOperator, ComparisonOperator>> = {
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};

const isScalar = (value: unknown): value is Scalar =>
  value === null ||
  typeof value === "string" ||
  typeof value === "boolean" ||
  (typeof value === "number" && Number.isFinite(value));

/** The stored value at the path of a condition: as it is, and with its strings case-folded. */
export interface ConditionTarget {
  readonly value: JsonValue;
  readonly folded: JsonValue;
}

/** Compiles one condition on the JSON value it is about. */
class ConditionCompiler {
  readonly #target: ConditionTarget;
  readonly #where: string;
  readonly #condition: ParsedCondition;

  constructor(target: ConditionTarget, condition: ParsedCondition, where: string) {
    this.#target = target;
    this.#condition = condition;
    this.#where = where;
  }

  compile(): Sql {
    const { op, value } = this.#condition;
    const comparison = Object.hasOwn(comparisons, op) ? comparisons[op] : undefined;
    if (comparison) return this.#target.value.compare(comparison, this.#ordered(value));
    switch (op) {
      case "==":
      case "eq":
        return this.#equals(this.#scalar(value));
      case "!=":
      case "ne":
        return this.#not(this.#equals(this.#scalar(value)));
      case "between":
        return this.#between(value);
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
        return value ? sql`(${this.#target.value.exists})` : sql`(NOT (${this.#target.value.exists}))`;
      default:
        throw this.#wrong(`unknown operator ${String(op)}`);
    }
  }

  #wrong(message: string): InvalidQueryError {
    return new InvalidQueryError(this.#where, `${this.#where}: ${message}`);
  }

  /** A condition that is neither true nor false (a missing field) counts as false, so its opposite is true. */
  #not(condition: Sql): Sql {
    return sql`(${condition} IS NOT TRUE)`;
  }

  #scalar(value: unknown): Scalar {
    if (!isScalar(value)) throw this.#wrong("takes a string, a number, true, false or null");
    if (typeof value === "string" && !isStorable(value)) throw unstorableText(this.#where);
    return value;
  }

  #ordered(value: unknown): Exclude<Scalar, null> {
    const scalar = this.#scalar(value);
    if (scalar === null) throw this.#wrong("takes a string, a number, true or false");
    return scalar;
  }

  #list(value: unknown): Scalar[] {
    if (!Array.isArray(value)) throw this.#wrong(`${this.#condition.op} takes a list`);
    if (value.length > MAX_LIST) throw this.#wrong(`the list has more than ${MAX_LIST} values`);
    return value.map((entry) => this.#scalar(entry));
  }

  #equals(value: Scalar): Sql {
    return value === null ? sql`(${this.#target.value.isNull})` : this.#target.value.compare("=", value);
  }

  #between(value: unknown): Sql {
    const list = this.#list(value);
    if (list.length !== 2) throw this.#wrong("between takes [from, to]");
    const [from, to] = list.map((end) => this.#ordered(end)) as [
      Exclude<Scalar, null>,
      Exclude<Scalar, null>,
    ];
    return sql`(${this.#target.value.compare(">=", from)} AND ${this.#target.value.compare("<=", to)})`;
  }

  #anyOf(values: readonly Scalar[]): Sql {
    return values.length === 0 ? sql`FALSE` : this.#target.value.oneOf(values);
  }

  #overlaps(values: readonly Scalar[], ignoreCase: boolean): Sql {
    if (values.length === 0) return sql`FALSE`;
    if (!ignoreCase) return this.#target.value.overlaps(values);
    return this.#target.folded.overlaps(
      values.map((value) => (typeof value === "string" ? foldCase(value) : value)),
    );
  }

  #like(value: unknown, ignoreCase: boolean): Sql {
    const pattern = this.#scalar(value);
    if (typeof pattern !== "string") throw this.#wrong(`${this.#condition.op} takes a string`);
    if (/(^|[^\\])(\\\\)*\\$/.test(pattern)) throw this.#wrong("the pattern ends in a lone backslash");
    if (pattern.length > MAX_PATTERN)
      throw this.#wrong(`the pattern has more than ${MAX_PATTERN} characters`);
    if (pattern.split("%").length > MAX_WILDCARDS)
      throw this.#wrong(`the pattern has ${MAX_WILDCARDS} or more of %`);
    return ignoreCase ? this.#target.folded.like(foldCase(pattern)) : this.#target.value.like(pattern);
  }
}

/**
 * One condition as SQL. Values of different JSON types never compare as equal; a missing field makes
 * every operator false but the negative ones.
 *
 * @param where names the condition in errors, for example `parsed.0`
 * @throws {InvalidQueryError} the value does not fit the operator
 */
export const compileCondition = (target: ConditionTarget, condition: ParsedCondition, where: string): Sql =>
  new ConditionCompiler(target, condition, where).compile();
