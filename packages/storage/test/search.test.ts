import type { ItemSearch, Store } from "@larder/storage";
import {
  accountIn,
  type EngineName,
  item,
  message,
  onEachEngine,
  temporaryStore,
  wholeFile,
} from "./support.js";

type Entries = Record<string, [parsed: object | undefined, text?: string]>;

const filledStores = new Map<string, Promise<Store>>();

/** A store with these items, made once for the tests that only read it. */
function filled(engine: EngineName, entries: Entries): Promise<Store> {
  const key = `${engine} ${JSON.stringify(entries)}`;
  const known = filledStores.get(key) ?? fill(engine, entries);
  filledStores.set(key, known);
  return known;
}

async function fill(engine: EngineName, entries: Entries): Promise<Store> {
  const store = await temporaryStore(wholeFile, engine);
  const accountId = await accountIn(store);
  const node = await store.nodes.ensure({ accountId, service: "pubsub.larder.test", node: "blog" });
  await store.items.storeLive(
    node.id,
    0,
    Object.entries(entries).map(([id, [parsed, text]]) => item(id, parsed, text)),
  );
  return store;
}

async function ids(store: Store, search: Partial<ItemSearch>): Promise<string[]> {
  const { items } = await store.itemSearch.search({ limit: 50, orderBy: [{ order: "itemId" }], ...search });
  return items.map(({ itemId }) => itemId);
}

const texts: Record<string, [undefined, string]> = {
  arabic: [undefined, "أَهْلًا وَسَهْلًا بِكُمْ"],
  chinese: [undefined, "我在北京大学学习计算机"],
  emoji: [undefined, "bravo 👏🏽 and ❤️"],
  english: [undefined, "The quick-witted fox isn't lazy"],
  french: [undefined, "L'été à la crèche"],
  german: [undefined, "Die Straße nach Gießen"],
  greek: [undefined, "Ὁ λόγος"],
  japanese: [undefined, "東京タワーで夜景を見た"],
  russian: [undefined, "Ёлка и поезд"],
  thai: [undefined, "ภาษาไทยง่ายมาก"],
};

for (const [query, found] of [
  ["FOX", "english"],
  ["quick-witted", "english"],
  ["ete creche", "french"],
  ["STRASSE", "german"],
  ["giessen", "german"],
  ["ΛΟΓΟΣ", "greek"],
  ["елка", "russian"],
  ["اهلا", "arabic"],
  ["北京", "chinese"],
  ["大学学习", "chinese"],
  ["夜景", "japanese"],
  ["タワー", "japanese"],
  ["ไทย", "thai"],
  ["❤", "emoji"],
  ["👏🏽", "emoji"],
  ["stra*", "german"],
  ['"witted fox"', "english"],
  ["fox AND (lazy OR energetic)", "english"],
] as const) {
  onEachEngine(`full text: ${query} finds the ${found} text alone`, async (t, engine) => {
    t.deepEqual(await ids(await filled(engine, texts), { fts: query }), [found]);
  });
}

onEachEngine(
  "words side by side mean AND, and `a NOT b` means what `a AND NOT b` means",
  async (t, engine) => {
    const store = await filled(engine, {
      one: [undefined, "red green"],
      two: [undefined, "red blue"],
      three: [undefined, "blue"],
    });
    t.deepEqual(await ids(store, { fts: "red blue" }), ["two"]);
    t.deepEqual(await ids(store, { fts: "red NOT blue" }), ["one"]);
    t.deepEqual(await ids(store, { fts: "red AND NOT blue" }), ["one"]);
    t.deepEqual(await ids(store, { fts: "green OR blue" }), ["one", "three", "two"]);
  },
);

for (const query of [
  "NOT red",
  "",
  "  ",
  "!!!",
  '"open',
  "(red",
  "red)",
  "red AND",
  "AND red",
  "OR",
  "red OR",
  "red NOT",
  "NOT NOT red",
  "a AND NOT",
  "()",
]) {
  onEachEngine(
    `full text: ${JSON.stringify(query)} is refused and names the parameter`,
    async (t, engine) => {
      const store = await filled(engine, texts);
      const error = await t.throwsAsync(ids(store, { fts: query }));
      t.is(error?.name, "InvalidQueryError");
      t.regex(String(error?.message), /^fts: /);
    },
  );
}

onEachEngine(
  "the deepest and longest query that can be read can be run, and more is refused",
  async (t, engine) => {
    const store = await filled(engine, { a: [undefined, "a b c d"] });
    const nested = (level: string, depth: number) => `${level.repeat(depth)}a${")".repeat(depth)}`;
    const words = (bytes: number) =>
      `a OR (${Array.from({ length: bytes / 200 }, (_, n) => String(n).padEnd(200, "w")).reduce(
        (phrases, word, n) => phrases + (n % 400 === 0 ? `" "${word}` : ` ${word}`),
        '"x',
      )}")`;
    for (const level of ["(a OR ", "(a b OR c NOT (", "(a ("]) {
      const steps = level.split("(").length - 1;
      const whole = (depth: number) =>
        nested(level, Math.floor(depth / steps)) + ")".repeat(Math.floor(depth / steps) * (steps - 1));
      t.deepEqual(await ids(store, { fts: whole(12) }), ["a"], level);
      await t.throwsAsync(ids(store, { fts: whole(14) }), {
        name: "InvalidQueryError",
        message: /nested too deeply/,
      });
    }
    t.deepEqual(await ids(store, { fts: words(490_000) }), ["a"]);
    await t.throwsAsync(ids(store, { fts: words(510_000) }), {
      name: "InvalidQueryError",
      message: /too long/,
    });
  },
);

onEachEngine("words that look like operators of the engine are looked up as words", async (t, engine) => {
  const store = await filled(engine, { a: [undefined, "near column:x rowid"] });
  for (const fts of ["near", "column:x", "rowid*", "NEAR", "^near", "near-column", "search_text:near"]) {
    const found = await ids(store, { fts });
    t.true(found.length <= 1, fts);
  }
});

const parsed: Record<string, [object]> = {
  a: [
    {
      n: 1,
      s: "apple",
      list: ["Red", "green"],
      deep: { "x.y": { "q\"'": [10, { z: "ok" }] } },
      flag: true,
      nothing: null,
    },
  ],
  b: [{ n: 2.5, s: "Äpfel", list: [], flag: false }],
  c: [{ n: "2", s: "100%_sure", list: "red" }],
};

const conditions: [name: string, condition: unknown[], found: string[]][] = [
  ["numbers equal numbers alone", [["n"], "==", 2], []],
  ["numbers compare", [["n"], ">=", 2], ["b"]],
  ["strings compare by code point", [["s"], "<", "b"], ["a", "c"]],
  ["alias lt", [["n"], "lt", 2], ["a"]],
  ["not equal holds for a missing field", [["missing"], "!=", 1], ["a", "b", "c"]],
  ["equal is false for a missing field", [["missing"], "==", null], []],
  ["null equals null", [["nothing"], "==", null], ["a"]],
  ["null exists", [["nothing"], "exists", true], ["a"]],
  ["missing does not exist", [["nothing"], "exists", false], ["b", "c"]],
  ["booleans", [["flag"], "==", true], ["a"]],
  ["between includes both ends", [["n"], "between", [1, 2.5]], ["a", "b"]],
  ["in", [["s"], "in", ["apple", 3]], ["a"]],
  ["not_in", [["s"], "not_in", ["apple"]], ["b", "c"]],
  ["overlap tells case", [["list"], "overlap", ["red"]], ["c"]],
  ["ioverlap does not tell case, and a scalar is a list of one", [["list"], "ioverlap", ["RED"]], ["a", "c"]],
  ["disjoint", [["list"], "disjoint", ["green", "red"]], ["b"]],
  ["idisjoint holds for a missing field", [["missing"], "idisjoint", ["x"]], ["a", "b", "c"]],
  ["like escapes", [["s"], "like", "100\\%\\_%"], ["c"]],
  ["like tells case", [["s"], "like", "A%"], []],
  ["ilike folds as Unicode does", [["s"], "ilike", "ä%"], ["b"]],
  ["not_ilike", [["s"], "not_ilike", "Ä%"], ["a", "c"]],
  ["keys with dots and quotes, and array indexes", [["deep", "x.y", "q\"'", 1, "z"], "==", "ok"], ["a"]],
  ["an index is no key", [["list", 0], "==", "Red"], ["a"]],
  ["a key is no index", [["list", "0"], "exists", true], []],
];
for (const [name, [path, op, value], found] of conditions) {
  onEachEngine(`parsed data: ${name}`, async (t, engine) => {
    const store = await filled(engine, parsed);
    t.deepEqual(await ids(store, { parsed: [{ path, op, value } as never] }), found);
  });
}

for (const [op, value] of [
  ["between", [1]],
  ["in", "x"],
  ["like", 3],
  ["exists", 1],
  ["<", null],
  ["==", { a: 1 }],
  ["like", "x\\"],
] as const) {
  onEachEngine(
    `parsed data: ${op} refuses ${JSON.stringify(value)} and names the condition`,
    async (t, engine) => {
      const store = await filled(engine, parsed);
      const error = await t.throwsAsync(ids(store, { parsed: [{ path: ["n"], op, value } as never] }));
      t.regex(String(error?.message), /^parsed\.0: /);
    },
  );
}

onEachEngine(
  "an order by path puts numbers, strings, booleans, null, then missing, which stays last when turned round",
  async (t, engine) => {
    const store = await filled(engine, {
      bool: [{ v: true }],
      miss: [{}],
      n2: [{ v: 2 }],
      n10: [{ v: 10 }],
      nul: [{ v: null }],
      str: [{ v: "a" }],
    });
    t.deepEqual(await ids(store, { orderBy: [{ path: ["v"] }] }), [
      "n2",
      "n10",
      "str",
      "bool",
      "nul",
      "miss",
    ]);
    t.deepEqual(await ids(store, { orderBy: [{ path: ["v"], direction: "desc" }] }), [
      "nul",
      "bool",
      "str",
      "n10",
      "n2",
      "miss",
    ]);
  },
);

onEachEngine(
  "rank needs a full-text query, and puts the better match first when descending",
  async (t, engine) => {
    const store = await filled(engine, {
      much: [undefined, "fox fox fox"],
      little: [undefined, "fox in a long text about entirely other animals"],
    });
    t.deepEqual(await ids(store, { fts: "fox", orderBy: [{ order: "rank", direction: "desc" }] }), [
      "much",
      "little",
    ]);
    await t.throwsAsync(ids(store, { orderBy: [{ order: "rank" }] }), {
      message: /rank needs a full-text query/,
    });
  },
);

onEachEngine("the total counts every match, whatever the page", async (t, engine) => {
  const store = await filled(engine, texts);
  const { items, total } = await store.itemSearch.search({ limit: 2, index: 4, withTotal: true });
  t.is(items.length, 2);
  t.is(total, 10);
});

onEachEngine(
  "messages are found by their text in the commit that keeps them, and a page goes on from a uid",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    for (let n = 0; n < 6; n++)
      await store.messages.insert(message(accountId, `Straße ${n}`, { timestamp: new Date(1000 + n) }));
    const found = await store.messages.history({ search: "strasse", limit: 2 });
    t.deepEqual(
      found.messages.map((entry) => entry.bodies[0]?.text),
      ["Straße 4", "Straße 5"],
    );
    t.false(found.complete);
    const older = await store.messages.history({ before: found.messages[0]?.uid, limit: 10 });
    t.deepEqual(
      older.messages.map((entry) => entry.bodies[0]?.text),
      ["Straße 0", "Straße 1", "Straße 2", "Straße 3"],
    );
    t.true(older.complete);
    const newer = await store.messages.history({ after: older.messages[2]?.uid, limit: 2 });
    t.deepEqual(
      newer.messages.map((entry) => entry.bodies[0]?.text),
      ["Straße 3", "Straße 4"],
    );
    await t.throwsAsync(store.messages.history({ before: "no-such-uid", limit: 1 }), {
      message: /^before: /,
    });
  },
);

onEachEngine(
  "operators that only every object has, and endless lists, are refused by name",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    for (const op of ["__proto__", "constructor", "toString"]) {
      const parsed = JSON.parse(`[{"path":["a"],"op":"${op}","value":"'"}]`) as ItemSearch["parsed"];
      await t.throwsAsync(store.itemSearch.search({ limit: 1, parsed }), { message: /^parsed\.0/ });
    }
    const types = Array.from({ length: 40_000 }, (_, n) => `type${n}`);
    await t.throwsAsync(store.messages.history({ limit: 1, types }), { message: /^types: / });
  },
);
