import type { JsonPath, ParsedCondition } from "@larder/storage";

/**
 * What the contract says about searches in parsed data, in plain TypeScript, without a database and
 * without the code under test. What a path leads to is `undefined` where nothing is there.
 */

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Follows a path: a string is a key of an object, an integer an index of an array, never the other. */
export function follow(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof step === "number") at = Array.isArray(at) ? at[step] : undefined;
    else at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

type JsonType = "number" | "string" | "boolean" | "null" | "other" | "missing";

function typeOf(value: unknown): JsonType {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (typeof value === "object") return "other";
  return typeof value as "number" | "string" | "boolean";
}

/** Order of Unicode code points, which is not the order of UTF-16 that `<` has. */
export function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (const [at, char] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    const difference = Number(char.codePointAt(0)) - Number(other.codePointAt(0));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Order of two values of the same JSON type; undefined where they cannot be compared. */
function compare(a: unknown, b: unknown): number | undefined {
  if (typeOf(a) !== typeOf(b)) return undefined;
  if (typeof a === "string") return byCodePoint(a, String(b));
  if (typeof a === "number" || typeof a === "boolean") return Number(a) - Number(b);
  return a === null ? 0 : undefined;
}

const equal = (a: unknown, b: unknown) => compare(a, b) === 0;

/**
 * Full case folding, character by character. Upper and then lower case gives the classes of Unicode's
 * table but for two characters: the dotless i stays itself, and the capital sharp s is two letters.
 */
export function fold(text: string): string {
  return [...text]
    .map((char) => {
      if (char === "ı") return char;
      return char === "ẞ" ? "ss" : [...char.toUpperCase()].map((upper) => upper.toLowerCase()).join("");
    })
    .join("")
    .replaceAll("ς", "σ");
}

const folded = (value: unknown) => (typeof value === "string" ? fold(value) : value);

type Wildcard = "one" | "any" | { char: string };

function wildcards(pattern: string): Wildcard[] {
  const parts: Wildcard[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at];
    if (char === "%") parts.push("any");
    else if (char === "_") parts.push("one");
    else parts.push({ char: String(char === "\\" ? chars[++at] : char) });
  }
  return parts;
}

/** LIKE over code points: every pattern position against the set of text positions it can stand at. */
function like(text: string, pattern: string): boolean {
  const chars = [...text];
  let reached = new Set([0]);
  for (const part of wildcards(pattern)) {
    const next = new Set<number>();
    for (const at of reached) {
      if (part === "any") for (let to = at; to <= chars.length; to++) next.add(to);
      else if (at < chars.length && (part === "one" || part.char === chars[at])) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(chars.length);
}

/** A stored array has its elements, a stored scalar is an array of one; objects and what is missing have none. */
function elements(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return ["other", "missing"].includes(typeOf(value)) ? [] : [value];
}

function overlaps(value: unknown, list: readonly unknown[], ignoreCase: boolean): boolean {
  const same = ignoreCase ? (a: unknown, b: unknown) => equal(folded(a), folded(b)) : equal;
  return elements(value).some((element) => list.some((wanted) => same(element, wanted)));
}

function likes(value: unknown, pattern: unknown, ignoreCase: boolean): boolean {
  if (typeof value !== "string") return false;
  return ignoreCase ? like(fold(value), fold(String(pattern))) : like(value, String(pattern));
}

const NEGATIVE: Partial<Record<string, ParsedCondition["op"]>> = {
  "!=": "==",
  ne: "==",
  not_in: "in",
  not_like: "like",
  not_ilike: "ilike",
  disjoint: "overlap",
  idisjoint: "ioverlap",
};

/** Whether a condition holds for what is stored; `undefined` is an item without parsed data. */
export function holds(parsed: unknown, condition: ParsedCondition): boolean {
  const positive = NEGATIVE[condition.op];
  if (positive) return !holds(parsed, { ...condition, op: positive });
  const value = follow(parsed, condition.path);
  const wanted = condition.value;
  const list = wanted as readonly unknown[];
  const compares = (test: (order: number) => boolean, other: unknown = wanted) => {
    const order = compare(value, other);
    return order !== undefined && test(order);
  };
  switch (condition.op) {
    case "==":
    case "eq":
      return equal(value, wanted);
    case "<":
    case "lt":
      return compares((order) => order < 0);
    case "<=":
    case "le":
      return compares((order) => order <= 0);
    case ">":
    case "gt":
      return compares((order) => order > 0);
    case ">=":
    case "ge":
      return compares((order) => order >= 0);
    case "between":
      return compares((order) => order >= 0, list[0]) && compares((order) => order <= 0, list[1]);
    case "in":
      return list.some((entry) => equal(value, entry));
    case "overlap":
      return overlaps(value, list, false);
    case "ioverlap":
      return overlaps(value, list, true);
    case "like":
      return likes(value, wanted, false);
    case "ilike":
      return likes(value, wanted, true);
    case "exists":
      return (value !== undefined) === wanted;
    default:
      throw new Error(`the oracle does not know ${condition.op}`);
  }
}

const PLACE: Record<JsonType, number> = { number: 0, string: 1, boolean: 2, null: 3, other: 4, missing: 5 };

/** Order by a path: numbers, strings, booleans, null, objects and arrays (all alike), and what is missing always last. */
export function byPath(path: JsonPath, direction: "asc" | "desc"): (a: unknown, b: unknown) => number {
  const sign = direction === "desc" ? -1 : 1;
  return (a, b) => {
    const [left, right] = [follow(a, path), follow(b, path)];
    const missing = Number(left === undefined) - Number(right === undefined);
    if (missing !== 0) return missing;
    return sign * (PLACE[typeOf(left)] - PLACE[typeOf(right)] || (compare(left, right) ?? 0));
  };
}
