import type { HistoryQuery, ItemSearch } from "@larder/storage";
import fc from "fast-check";
import { conditions, textQueries } from "./arbitraries.js";
import { write } from "./text-oracle.js";

/** What people who mean harm, and programs that are broken, put where a text belongs. */
const FRAGMENTS = [
  "'",
  '"',
  "''",
  "`",
  ";",
  "--",
  "/*",
  "*/",
  "\\",
  "%",
  "_",
  "?",
  "?1",
  "$1",
  ":name",
  "@p",
  "$",
  "$.",
  "$[0]",
  "$.a[#-1]",
  "#>>",
  "@>",
  "::int",
  "{a,b}",
  "' OR 1=1 --",
  "'; DROP TABLE pubsub_item; --",
  '" UNION SELECT * FROM account --',
  "pg_sleep(9)",
  "randomblob(1000000000)",
  "x'00'",
  "E'\\x00'",
  "$$",
  "NEAR(a b, 3)",
  "NEAR",
  "^a",
  "search_text : a",
  "{search_text} : a",
  "- a",
  "a + b",
  "a & b",
  "a | b",
  "!a",
  "a <-> b",
  "a:*",
  "a:ABCD",
  "'a' & !'b'",
  "<2>",
  "AND",
  "OR",
  "NOT",
  "AND NOT",
  "(",
  ")",
  "*",
  "**",
  "a*b",
  '"a',
  '""',
  '"*"',
  "\0",
  "a\0b",
  "\ud800",
  "\udfff",
  "a\ud83d",
  "\udc00\ud800",
  "\ufeff",
  "\u202e",
  "\u0001",
  "\x7f",
  "\r\n",
  "İıẞſ",
  "ﷺ",
  "\u0301".repeat(50),
  "__proto__",
  "constructor",
  "toString",
  "null",
  "undefined",
  "NaN",
  "1e999",
];

const long = fc
  .tuple(
    fc.constantFrom(...FRAGMENTS, "a", "%", "_", "(", "a ", "NOT ", "a OR "),
    fc.constantFrom(10, 100, 1000, 5000),
  )
  .map(([part, times]) => part.repeat(times));

/** Any string of UTF-16 units, whole or not, with fragments of languages that must not be understood. */
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) },
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...FRAGMENTS, "a", "fox", " ")).map((parts) => parts.join(" ")),
  },
  { weight: 2, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)) },
  { weight: 1, arbitrary: long },
);

const nested = fc
  .tuple(fc.constantFrom("[", "{"), fc.constantFrom(1, 5, 100, 2000))
  .map(([bracket, depth]) => {
    let value: unknown = 1;
    for (let n = 0; n < depth; n++) value = bracket === "[" ? [value] : { a: value };
    return value;
  });

const numbers = fc.oneof(
  fc.constantFrom(
    -1,
    -0,
    0.5,
    1e21,
    -1e21,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    2 ** 63,
    2 ** 64,
    Number.NaN,
    Infinity,
    -Infinity,
  ),
  fc.double(),
  fc.integer(),
);

const values: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: texts },
  { weight: 2, arbitrary: numbers },
  { weight: 2, arbitrary: fc.array(fc.oneof(texts, numbers, fc.constant(null)), { maxLength: 5 }) },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, true, {}, [], [[]], [null, undefined]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1000, 1001, 40_000).map((length) => Array.from({ length }, (_, n) => n)),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);

const paths = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.oneof(texts, numbers), { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(10, 100, 1000, 10_000).map((length) => Array.from({ length }, () => "a")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(10, 100, 1000, 10_000).map((length) => Array.from({ length }, () => 0)),
  },
);

const hostileConditions = fc.oneof(
  fc.record({ path: paths, op: conditions.map(({ op }) => op), value: conditions.map(({ value }) => value) }),
  fc.record({
    path: fc.constant(["a"]),
    op: fc.oneof(
      { weight: 9, arbitrary: conditions.map(({ op }) => op as string) },
      { weight: 1, arbitrary: texts },
    ),
    value: values,
  }),
  conditions,
);

const lists = fc.oneof(
  { weight: 39, arbitrary: fc.array(texts, { maxLength: 5 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1000, 40_000).map((length) => Array.from({ length }, (_, n) => `id${n}`)),
  },
);

const orders = fc.oneof(
  fc.record({ path: paths, direction: fc.constantFrom("asc", "desc", undefined) }),
  fc.record({
    order: fc.oneof(fc.constantFrom("rank", "itemId", "creation"), texts),
    direction: fc.oneof(fc.constantFrom("asc", "desc"), texts),
  }),
);

const deepText = fc
  .tuple(textQueries, fc.constantFrom(10, 60, 1000))
  .map(([query, depth]) => `${"(".repeat(depth)}${write(query)}${")".repeat(depth)}`);

const parts: Record<keyof ItemSearch, fc.Arbitrary<unknown>> = {
  fts: fc.oneof(
    { weight: 4, arbitrary: texts },
    { weight: 1, arbitrary: deepText },
    { weight: 1, arbitrary: textQueries.map(write) },
  ),
  accountIds: fc.array(numbers, { maxLength: 3 }),
  services: lists,
  nodes: lists,
  types: lists,
  subtypes: lists,
  ids: lists,
  parsed: fc.oneof(
    { weight: 9, arbitrary: fc.array(hostileConditions, { minLength: 1, maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(conditions, fc.constantFrom(50, 500))
        .map(([condition, times]) => Array(times).fill(condition)),
    },
  ),
  orderBy: fc.oneof(
    { weight: 9, arbitrary: fc.array(orders, { minLength: 1, maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(orders, fc.constantFrom(10, 100, 1000))
        .map(([order, times]) => Array(times).fill(order)),
    },
  ),
  index: numbers,
  limit: fc.oneof(fc.constantFrom(0, 1, 50, 1000), numbers),
  withTotal: fc.boolean(),
};

/** Searches of the right shape, as far as the bridge's schema goes and beyond it, with one or two parts that mean harm. */
export const hostileSearches: fc.Arbitrary<ItemSearch> = fc
  .uniqueArray(fc.constantFrom(...(Object.keys(parts) as (keyof ItemSearch)[]), "fts", "parsed", "parsed"), {
    minLength: 1,
    maxLength: 2,
  })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, parts[name]]))))
  .map((some) => ({ limit: 5, ...some }) as unknown as ItemSearch);

/** Pages of history asked for in the same way. */
export const hostileHistories: fc.Arbitrary<HistoryQuery> = fc
  .record(
    { search: texts, before: texts, after: texts, conversation: texts, from: texts, types: lists },
    { requiredKeys: [] },
  )
  .map((some) => ({ limit: 5, ...some }));

/** Every text in a value, keys too. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (Array.isArray(value)) for (const entry of value) yield* textsIn(entry);
  else if (value !== null && typeof value === "object")
    for (const [key, entry] of Object.entries(value)) {
      yield key;
      yield* textsIn(entry);
    }
}

const LONGEST_PATTERN = 1000;

/**
 * Whether a search asks for what cannot be: texts that nothing stored can hold, places in an array that
 * there are not, patterns that only burn time.
 */
export function mustBeRefused(search: ItemSearch): boolean {
  const { parsed = [], orderBy = [] } = search;
  const paths = [...parsed, ...orderBy].flatMap((entry) => ("path" in entry ? [...entry.path] : []));
  return (
    paths.some((step) => typeof step === "number" && !(Number.isSafeInteger(step) && step >= 0)) ||
    parsed.some(
      ({ op, value }) => op.endsWith("like") && typeof value === "string" && value.length > LONGEST_PATTERN,
    ) ||
    holdsUnstorable(search)
  );
}

/** U+0000 or half a surrogate pair: no text that is stored has them. */
export const holdsUnstorable = (asked: object) =>
  [...textsIn(asked)].some((text) => text.includes("\0") || !isWellFormed(text));

/** As `String.prototype.isWellFormed`, which the compiler's library does not know yet. */
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);
