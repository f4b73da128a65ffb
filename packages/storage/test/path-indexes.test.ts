import { Database, type JsonPath, type ParsedCondition } from "@larder/storage";
import sql from "sql-template-tag";
import {
  accountIn,
  type EngineName,
  item,
  type Lifetime,
  onEachEngine,
  temporaryStore,
  temporaryUrl,
} from "./support.js";

const START: JsonPath = ["start"];
const KEY: JsonPath = ["deep", 'it\'s "so"', 0, "a.b"];

async function filled(t: Lifetime, engine: EngineName, count = 2000) {
  const store = await temporaryStore(t, engine);
  const node = await store.nodes.ensure({ accountId: await accountIn(store), service: "s", node: "n" });
  await store.items.storeLive(
    node.id,
    0,
    Array.from({ length: count }, (_, n) =>
      item(`i${n}`, { start: n, deep: { 'it\'s "so"': [{ "a.b": `name ${n}` }] } }),
    ),
  );
  await store.database.vacuum(); // tells the planner how many rows there are
  return store;
}

const search = (parsed: ParsedCondition) => ({
  limit: 50,
  parsed: [parsed],
  orderBy: [{ order: "itemId" as const }],
});

onEachEngine(
  "a search on an indexed path reads the index, and finds what it found without",
  async (t, engine) => {
    const store = await filled(t, engine);
    for (const condition of [
      { path: START, op: "==", value: 1234 },
      { path: START, op: "between", value: [10, 12] },
      { path: START, op: "in", value: [3, "3", 5] },
      { path: KEY, op: "==", value: "name 77" },
      { path: KEY, op: ">=", value: "name 997" },
      { path: KEY, op: "in", value: ["name 5", "name 6", 7] },
    ] as const) {
      await store.database.pathIndexes.ensure([]);
      const before = await store.itemSearch.search(search(condition));
      t.notRegex((await store.itemSearch.plan(search(condition))).join("\n"), /path_[0-9a-f]{16}/);
      await store.database.pathIndexes.ensure([START, KEY]);
      await store.database.vacuum();
      const plan = (await store.itemSearch.plan(search(condition))).join("\n");
      t.regex(plan, /path_[0-9a-f]{16}/, JSON.stringify(condition));
      t.deepEqual(await store.itemSearch.search(search(condition)), before);
      t.true(before.items.length > 0);
    }
  },
);

onEachEngine(
  "indexes are kept for the next start, and go when no analyser asks for them",
  async (t, engine) => {
    const store = await filled(t, engine, 10);
    const made: JsonPath[] = [];
    await store.database.pathIndexes.ensure([START, KEY, START], (path) => made.push(path));
    t.deepEqual(made, [START, KEY]);
    await store.database.pathIndexes.load();
    await store.database.pathIndexes.ensure([START], (path) => made.push(path));
    t.is(made.length, 2);
    t.true(store.database.pathIndexes.has(START));
    t.false(store.database.pathIndexes.has(KEY));
    const names = await store.database.read(({ executor }) =>
      executor.all<{ name: string }>(
        engine === "sqlite"
          ? sql`SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'path%'`
          : sql`SELECT indexname AS name FROM pg_indexes WHERE indexname LIKE 'path%'`,
      ),
    );
    t.is(names.length, engine === "sqlite" ? 1 : 2);
  },
);

onEachEngine("a text longer than an index takes is kept and found on an indexed path", async (t, engine) => {
  const store = await filled(t, engine, 3);
  await store.database.pathIndexes.ensure([["long"]]);
  const node = (await store.nodes.list())[0];
  const long = (end: string) => "ж".repeat(20_000) + end;
  await store.items.storeLive(node?.id ?? 0, 0, [
    item("a", { long: long("a") }),
    item("b", { long: long("b") }),
  ]);
  const ids = async (condition: Omit<ParsedCondition, "path">) => {
    const { items } = await store.itemSearch.search(search({ path: ["long"], ...condition }));
    return items.map(({ itemId }) => itemId);
  };
  t.deepEqual(await ids({ op: "==", value: long("a") }), ["a"]);
  t.deepEqual(await ids({ op: ">", value: long("a") }), ["b"]);
  t.deepEqual(await ids({ op: "<=", value: long("b") }), ["a", "b"]);
  t.deepEqual(await ids({ op: "in", value: [long("b"), long("c")] }), ["b"]);
});

onEachEngine(
  "a value as long as the beginning that an index keeps is told from longer ones",
  async (t, engine) => {
    const store = await filled(t, engine, 1);
    await store.database.pathIndexes.ensure([["long"]]);
    const node = (await store.nodes.list())[0];
    const lengths = [498, 499, 500, 501];
    await store.items.storeLive(
      node?.id ?? 0,
      0,
      lengths.map((length) => item(String(length), { long: "ж".repeat(length) })),
    );
    for (const [at, length] of lengths.entries()) {
      const ids = async (op: ParsedCondition["op"], value: unknown) =>
        (await store.itemSearch.search(search({ path: ["long"], op, value }))).items.map(
          ({ itemId }) => itemId,
        );
      const value = "ж".repeat(length);
      t.deepEqual(await ids("==", value), [String(length)]);
      t.deepEqual(await ids("in", [value]), [String(length)]);
      t.deepEqual(await ids("<", value), lengths.slice(0, at).map(String));
      t.deepEqual(await ids(">", value), lengths.slice(at + 1).map(String));
    }
  },
);

onEachEngine(
  "what another process has made is known, and goes where nobody asks for it",
  async (t, engine) => {
    const url = await temporaryUrl(t, engine);
    const open = async () => {
      const { database } = await Database.open({ url });
      t.teardown(() => database.close());
      return database.pathIndexes;
    };
    const [one, other] = [await open(), await open()];
    await one.ensure([START]);
    await other.ensure([KEY]);
    t.false(other.has(START));
    await one.load();
    t.deepEqual([one.has(START), one.has(KEY)], [false, true]);
    await one.ensure([]);
    await other.load();
    t.false(other.has(KEY));
  },
);
