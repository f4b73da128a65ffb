import type { ItemOrder, JsonPath, ParsedCondition } from "@larder/storage";
import fc from "fast-check";
import type { PlannedSearch, StoredItem } from "./oracle.js";
import type { TextQuery } from "./text-oracle.js";

/** Keys that a careless path compiler stumbles over. */
const KEYS = [
  "a",
  "A",
  "b.c",
  'q"uote',
  "it's",
  "back\\slash",
  "[0]",
  "0",
  "",
  "$",
  "*",
  "#-1",
  "__proto__",
  "constructor",
  "é",
  "e\u0301",
  "👩‍👩‍👧",
  "tab\t\n\u0001",
  "\u2028",
  "{x}",
  "a,b",
];

const PHRASES = [
  "The quick-witted fox isn't lazy",
  "L'été à la crèche",
  "Die Straße nach Gießen",
  "Ёлка и поезд",
  "أَهْلًا وَسَهْلًا بِكُمْ",
  "我在北京大学学习计算机",
  "東京タワーで夜景を見た",
  "ภาษาไทยง่ายมาก",
  "bravo 👏🏽 and ❤️ 🇫🇷",
  "Ὁ λόγος",
  "fox and not or near column:x rowid",
];

const TERMS = [
  "fox",
  "FOX",
  "quick",
  "quick-witted",
  "lazy",
  "isn't",
  "été",
  "ETE",
  "creche",
  "straße",
  "STRASSE",
  "giessen",
  "ёлка",
  "поезд",
  "اهلا",
  "北京",
  "大学学习",
  "タワー",
  "夜景",
  "ไทย",
  "👏🏽",
  "👏",
  "❤",
  "🇫🇷",
  "ΛΟΓΟΣ",
  "near",
  "and",
  "column:x",
  "rowid",
  "missing",
  "l",
  "s",
];

const terms = fc.oneof(fc.constantFrom("fox", "quick", "straße", "北京"), fc.constantFrom(...TERMS));

/** Text of any Unicode but U+0000, which nothing that is stored can hold. */
const anyText = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("\0", "\u0001"));

const strings = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "",
      "a",
      "A",
      "aa",
      "b",
      "Red",
      "red",
      "RED",
      "straße",
      "STRASSE",
      "ß",
      "ẞ",
      "ı",
      "i",
      "İ",
      "I",
      "ς",
      "Σ",
      "é",
      "e\u0301",
      "100%_sure",
      "back\\slash",
      "1",
      "true",
      "null",
      "\uffff",
      "😀",
      "'; DROP TABLE pubsub_item; --",
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...PHRASES) },
  { weight: 1, arbitrary: anyText },
);

const numbers = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 3 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      -0,
      0.1,
      0.30000000000000004,
      2.5,
      1e21,
      -1e21,
      2 ** 31,
      2 ** 53,
      2 ** 53 - 1,
      2 ** 60,
      -(2 ** 63),
      2 ** 64,
      5e-324,
      1e-7,
      1.7976931348623157e308,
    ),
  },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
);

/** Values that are often both stored and asked for. */
const COMMON = [0, 1, 2.5, "a", "Red", "red", "straße", "STRASSE", true, null];

const scalars = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...COMMON) },
  { weight: 4, arbitrary: strings },
  { weight: 4, arbitrary: numbers },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);

const keys = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b.c") },
  { weight: 2, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: anyText },
);

/** An object that has every key as its own, `__proto__` too. */
const ownKeys = (entries: [string, unknown][]): unknown =>
  JSON.parse(
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
  );

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, depthIdentifier: "json", withCrossShrink: true },
    { weight: 3, arbitrary: scalars },
    { weight: 1, arbitrary: fc.array(tie("json"), { maxLength: 4, depthIdentifier: "json" }) },
    { weight: 1, arbitrary: tie("object") },
  ),
  object: fc
    .uniqueArray(fc.tuple(keys, tie("json")), {
      maxLength: 5,
      selector: ([key]) => key,
      depthIdentifier: "json",
    })
    .map(ownKeys),
}));

/** What a parser makes of an item: an object whose first key most searches ask for. */
const parsed = fc
  .tuple(
    fc.option(json, { nil: undefined }),
    fc.uniqueArray(fc.tuple(keys, json), { maxLength: 4, selector: ([key]) => key }),
  )
  .map(([first, rest]) =>
    ownKeys([
      ...(first === undefined ? [] : [["a", first] as [string, unknown]]),
      ...rest.filter(([key]) => key !== "a" || first === undefined),
    ]),
  );

const texts = fc.oneof(
  fc.constantFrom("", ...PHRASES),
  fc.array(fc.constantFrom(...PHRASES), { maxLength: 4 }).map((phrases) => phrases.join(" ")),
  fc.array(terms, { maxLength: 6 }).map((words) => words.join(" ")),
  fc.tuple(fc.constantFrom(...PHRASES), anyText).map((parts) => parts.join(" ")),
);

const SERVICES = ["a.larder.test", "b.larder.test", "ß.larder.test"];
const NODES = ["", "blog", "Blog", "urn:xmpp:microblog:0:comments/1", "😀", "\uffff"];
const ITEM_IDS = ["a", "B", "b", "ä", "😀", "\uffff", "%", "x'y", ""];
const INSTANTS = [1, 2, 3, 1.7e12];

/** A node that several items may share; its type goes with its name, so that equal names do not contradict each other. */
const places = fc
  .record({
    account: fc.constantFrom(0, 1),
    service: fc.constantFrom(...SERVICES),
    node: fc.constantFrom(...NODES),
  })
  .map((place) => ({
    ...place,
    type: [null, "blog", "event"][NODES.indexOf(place.node) % 3] ?? null,
    subtype: place.service === SERVICES[0] ? "comment" : null,
  }));

/** Items of several nodes, each id once in its node. */
export const storedItems: fc.Arbitrary<StoredItem[]> = fc.uniqueArray(
  fc
    .tuple(
      places,
      fc.record(
        {
          itemId: fc.constantFrom(...ITEM_IDS),
          parsed,
          text: texts,
          created: fc.constantFrom(...INSTANTS),
          updated: fc.constantFrom(...INSTANTS),
        },
        { requiredKeys: ["itemId", "text", "created", "updated"] },
      ),
    )
    .map(([place, item]) => ({ ...place, ...item })),
  {
    minLength: 4,
    maxLength: 16,
    selector: ({ account, service, node, itemId }) => JSON.stringify([account, service, node, itemId]),
  },
);

const paths: fc.Arbitrary<JsonPath> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(["a"]) },
  { weight: 2, arbitrary: fc.tuple(keys) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("a"), fc.nat(3)) },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(keys, fc.nat(3), fc.constantFrom(2 ** 32, 2 ** 53 - 1)), {
      minLength: 1,
      maxLength: 4,
    }),
  },
);

const patterns = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom("%", "_", "\\%", "\\_", "\\\\"), strings.map(escaped)), { maxLength: 4 })
    .map((parts) => parts.join("")),
  strings.map((text) => `${escaped([...text][0] ?? "")}%`),
);

/** The text as a pattern that finds just it. */
function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, "\\$&");
}

const lists = fc.array(scalars, { maxLength: 5 });
const ordered = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2.5, "a", "red") },
  strings,
  numbers,
  fc.boolean(),
);

type Conditions = [ParsedCondition["op"][], fc.Arbitrary<unknown>][];
const OPERATORS: Conditions = [
  [["==", "!=", "eq", "ne"], scalars],
  [["<", "<=", ">", ">=", "lt", "le", "gt", "ge"], ordered],
  [["between"], fc.tuple(ordered, ordered)],
  [["in", "not_in", "overlap", "ioverlap", "disjoint", "idisjoint"], lists],
  [["like", "not_like", "ilike", "not_ilike"], patterns],
  [["exists"], fc.boolean()],
];

export const conditions: fc.Arbitrary<ParsedCondition> = fc.oneof(
  ...OPERATORS.map(([operators, values]) => ({
    weight: operators.length,
    arbitrary: fc.record({ path: paths, op: fc.constantFrom(...operators), value: values }),
  })),
);

const term: fc.Arbitrary<TextQuery> = fc.oneof(
  fc.record({
    kind: fc.constant("term" as const),
    text: terms,
    quoted: fc.constant(false),
    prefix: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("term" as const),
    text: fc.constantFrom(
      ...TERMS,
      "witted fox",
      "fox quick",
      "à la crèche",
      "straße nach",
      "bravo 👏🏽",
      "京大",
    ),
    quoted: fc.constant(true),
    prefix: fc.boolean(),
  }),
);

export const { query: textQueries } = fc.letrec<{ query: TextQuery }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, depthIdentifier: "text" },
    { weight: 3, arbitrary: term },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("and" as const),
        all: fc.array(tie("query"), { minLength: 2, maxLength: 3, depthIdentifier: "text" }),
        spelledOut: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("but" as const),
        some: tie("query"),
        not: tie("query"),
        spelledOut: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("or" as const),
        any: fc.array(tie("query"), { minLength: 2, maxLength: 3, depthIdentifier: "text" }),
      }),
    },
  ),
}));

const direction = fc.constantFrom("asc" as const, "desc" as const);
const orders: fc.Arbitrary<ItemOrder> = fc.oneof(
  fc.record(
    { order: fc.constantFrom("creation" as const, "modification" as const, "itemId" as const), direction },
    { requiredKeys: ["order"] },
  ),
  fc.record({ path: paths, direction }, { requiredKeys: ["path"] }),
);

const often = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
/** Most searches ask little, so that most of them find something. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 29, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Without the parts that are not there, so that a counterexample can be read. */
const given = <T extends object>(parts: T): Partial<T> =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Partial<T>;

export const searches: fc.Arbitrary<PlannedSearch> = fc
  .record({
    fts: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: textQueries }),
    accounts: rarely(fc.subarray([0, 1])),
    services: rarely(fc.subarray([...SERVICES, "missing"])),
    nodes: rarely(fc.subarray([...NODES, "missing"], { minLength: 2 })),
    types: rarely(fc.subarray(["blog", "event", null], { minLength: 1 })),
    subtypes: rarely(fc.subarray(["comment", null])),
    ids: rarely(fc.subarray([...ITEM_IDS, "missing"], { minLength: 4 })),
    parsed: often(fc.array(conditions, { minLength: 1, maxLength: 2, size: "xsmall" })),
    orderBy: often(fc.array(orders, { maxLength: 3 })),
    index: rarely(fc.nat(10)),
    limit: fc.oneof(
      { weight: 4, arbitrary: fc.constant(50) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }) },
    ),
    withTotal: fc.boolean(),
  })
  .map(({ limit, ...rest }) => ({ limit, ...given(rest) }));
