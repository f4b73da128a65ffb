import { createStore, Database } from "@larder/storage";
import test, { type ExecutionContext } from "ava";
import type { Engine } from "../dist/engine.js";
import { migrations } from "../dist/migrations/index.js";
import { migrate } from "../dist/migrator.js";
import { openEngine } from "../dist/open-engine.js";
import { exportFrom } from "../dist/portable/export.js";
import { type ImportOptions, importInto } from "../dist/portable/import.js";
import { readLines } from "../dist/portable/lines.js";
import { boundRow, insertRows } from "../dist/portable/rows.js";
import { portableTables } from "../dist/portable/tables.js";
import { sql } from "../dist/sql.js";
import { accountIn, type EngineName, item, message, onEachEngine, temporaryUrl } from "./support.js";

async function emptyEngine(t: ExecutionContext, name: EngineName): Promise<Engine> {
  const engine = await openEngine(await temporaryUrl(t, name));
  t.teardown(() => engine.close());
  return engine;
}

const ROWS = 3;
const TEXTS = [`plain`, `"'\\ \u2028 \n\t \u{1f44b}\u{1f3fd} Zürich $1 ?1 :a`, ""];
const JSON_VALUES = [
  { b: [1, 0.5, 1e21, -3], a: null, "": { ключ: "значение", "10": 1, "9": 2 } },
  "a text, not an object",
  null,
];

/** Puts rows into every table, with all kinds of values in all columns. */
async function fill(engine: Engine): Promise<void> {
  await engine.write(async ({ executor }) => {
    for (const table of await portableTables(executor, engine.sequelize)) {
      const rows = Array.from({ length: ROWS }, (_, place) =>
        boundRow(
          table,
          Object.fromEntries(
            table.columns.map(({ name, kind }) => {
              if (kind === "number") return [name, place + 1];
              if (kind === "flag") return [name, place % 2 === 0];
              return [name, kind === "json" ? JSON_VALUES[place] : `${TEXTS[place]}${place}`];
            }),
          ),
        ),
      );
      if (table.name !== "setting") await insertRows(executor, table, rows);
    }
  });
}

async function exported(engine: Engine): Promise<string> {
  const parts: string[] = [];
  await exportFrom(engine, async (text) => void parts.push(text));
  return parts.join("");
}

const linesOf = (text: string) =>
  readLines(
    (async function* () {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    })(),
  );

const imported = (engine: Engine, text: string, options?: ImportOptions) =>
  importInto(engine, linesOf(text), options);

const withoutEpoch = (text: string) =>
  text
    .split("\n")
    .filter((line) => !line.includes('"event_log.epoch"'))
    .join("\n");

test.serial("from SQLite to PostgreSQL and back again every table is byte for byte the same", async (t) => {
  const url = await temporaryUrl(t, "sqlite");
  await (await Database.open({ url })).database.close();
  const first = await openEngine(url);
  t.teardown(() => first.close());
  await fill(first);
  const text = await exported(first);
  const tables = Object.keys((JSON.parse(String(text.split("\n")[0])) as { tables: object }).tables);
  for (const name of tables.filter((table) => table !== "setting"))
    t.is(text.split(`{"table":"${name}"`).length - 1, ROWS, name);
  let before = text;
  for (const name of ["postgres", "sqlite"] as const) {
    const engine = await emptyEngine(t, name);
    await imported(engine, before);
    const after = await exported(engine);
    t.is(withoutEpoch(after), withoutEpoch(text), name);
    before = after;
  }
});

onEachEngine(
  "what was imported is found by its words and indexed paths, and numbers go on",
  async (t, name) => {
    const url = await temporaryUrl(t, name);
    const { database } = await Database.open({ url });
    const store = createStore(database);
    const accountId = await accountIn(store);
    const node = await store.nodes.ensure({ accountId, service: "s", node: "n" });
    await store.items.storeLive(node.id, 0, [item("a", { title: "Zwetschge" }, "zwetschge und mehr")]);
    const kept = await store.messages.insert(message(accountId, "hello there"));
    const gone = await store.messages.insert(message(accountId, "goes"));
    await database.pathIndexes.ensure([["title"]]);
    await database.write((unit) => unit.log("message_new", accountId, { uid: kept.uid }));
    const cursor = await store.events.newest();
    await database.write(({ executor }) => executor.run(sql`DELETE FROM message WHERE id = ${gone.id}`));
    await database.close();
    const from = await openEngine(url);
    const text = await exported(from);
    await from.close();

    const target = await temporaryUrl(t, name);
    const engine = await openEngine(target);
    await imported(engine, text);
    await engine.close();
    const opened = await Database.open({ url: target });
    t.teardown(() => opened.database.close());
    t.deepEqual(opened.migrated.applied, []);
    const again = createStore(opened.database);
    t.is((await again.messages.history({ search: "hello", limit: 9 })).messages[0]?.uid, kept.uid);
    t.is((await again.itemSearch.search({ fts: "zwetschge", limit: 9 })).items[0]?.itemId, "a");
    t.true(opened.database.pathIndexes.has(["title"]));
    const byTitle = { path: ["title"], op: "==", value: "Zwetschge" } as const;
    t.is((await again.itemSearch.search({ parsed: [byTitle], limit: 9 })).items.length, 1);
    const indexes = await opened.database.read(({ executor }) =>
      executor.all(
        name === "sqlite"
          ? sql`SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'path\\_%' ESCAPE '\\'`
          : sql`SELECT indexname FROM pg_indexes WHERE indexname LIKE 'path\\_%' ESCAPE '\\'`,
      ),
    );
    t.not(indexes.length, 0);
    const next = await again.messages.insert(message(accountId, "the next"));
    t.is(next.id, gone.id + 1, "the number of a row that is gone is not given again");
    await t.throwsAsync(again.events.since(cursor, { limit: 9 }), { message: /of another event log/ });
    t.is((await again.events.since(await again.events.oldest(), { limit: 9 })).events.length, 1);
  },
);

onEachEngine("an export of an earlier schema is imported and migrated", async (t, name) => {
  const old = await emptyEngine(t, name);
  const [first] = migrations;
  await migrate(old, { migrations: first ? [first] : [] });
  await fill(old);
  const engine = await emptyEngine(t, name);
  await imported(engine, await exported(old));
  const header = JSON.parse(String((await exported(engine)).split("\n")[0])) as {
    migrations: { name: string }[];
  };
  t.deepEqual(
    header.migrations.map((step) => step.name),
    migrations.map((step) => step.name),
  );
  const { rows } = await exportFrom(engine, async () => {});
  t.like(rows, { message: ROWS, pubsub_item: ROWS });
});

onEachEngine("an import that fails changes nothing, and says in which line", async (t, name) => {
  const source = await emptyEngine(t, "sqlite");
  await migrate(source);
  await fill(source);
  const text = await exported(source);
  const lines = text.trimEnd().split("\n");
  const [header = "", row = ""] = lines;
  const last = lines.at(-1) ?? "";
  const whole = (...middle: string[]) => `${[header, ...middle, last].join("\n")}\n`;
  const cases: [what: string, text: string, message: RegExp][] = [
    ["nothing", "", /no export of Larder/],
    ["something else", "hello\n", /line 1 is no JSON object/],
    ["another JSON", `{"format":"other"}\n`, /no export of Larder/],
    ["a later version", text.replace('"version":1', '"version":2'), /version 2 .*update Larder/],
    ["a newer schema", text.replace('"name":"2026', '"name":"2999'), /newer Larder .*2999/],
    ["another revision", text.replace('"revision":1', '"revision":9'), /revision 9 there/],
    ["another table", text.replace('"account":{', '"accounts":{'), /line 1: there is no table accounts/],
    ["another column", text.replace('"jid":"text"', '"jit":"text"'), /line 1: .*account has no column jit/],
    ["a cut", lines.slice(0, -1).join("\n"), /ends before its last line: it was cut/],
    [
      "a row less",
      lines.filter((line) => !line.includes('{"table":"thread","row":{"id":1,')).join("\n"),
      /has 2 rows of thread where it says 3/,
    ],
    ["more after the end", `${text}${row}\n`, /stands after the end/],
    ["a broken line", whole(row.slice(0, -9)), /line 2 is no JSON object/],
    ["a row of no table", whole(row.replace('"account"', '"acount"')), /line 2: there is no table acount/],
    ["a surplus value", whole(row.replace('"row":{', '"row":{"x":1,')), /line 2: .*account has no column x/],
    [
      "a wrong value",
      whole(row.replace('"removed":true', '"removed":1')),
      /line 2: account.removed is not true or/,
    ],
    ["a missing value", whole(row.replace('"removed":true,', "")), /line 2: account.removed is missing/],
    ["an impossible text", whole(row.replace("plain0", "a\\u0000")), /line 2: .* can be stored/],
    [
      "one row twice",
      text.replace(`${row}\n`, `${row}\n${row}\n`).replace('"account":3', '"account":4'),
      /lines 2 to 5/,
    ],
    [
      "a reference to nothing",
      lines
        .filter((line) => !line.includes('{"table":"account"'))
        .join("\n")
        .replace('"account":3', '"account":0'),
      /refer to rows that are gone|foreign key/,
    ],
  ];
  const engine = await emptyEngine(t, name);
  await migrate(engine);
  const before = await exported(engine);
  for (const [what, broken, expected] of cases) {
    const error = await t.throwsAsync(imported(engine, broken), { message: expected }, what);
    t.true(["StorageError", "ConstraintError"].includes(String(error?.name)), `${what}: ${error?.name}`);
    t.is(await exported(engine), before, what);
  }
  await imported(engine, text);
  const error = await t.throwsAsync(imported(engine, text));
  t.regex(String(error?.message), /is not empty .*--replace/);
  const now = withoutEpoch(await exported(engine));
  await imported(engine, text, { replace: true });
  t.is(withoutEpoch(await exported(engine)), now);
});

onEachEngine("an export is of one moment while others write", async (t, name) => {
  const url = await temporaryUrl(t, name);
  const { database } = await Database.open({ url });
  t.teardown(() => database.close());
  const store = createStore(database);
  const accountId = await accountIn(store);
  for (let n = 0; n < 150; n++) await store.messages.insert(message(accountId, `before ${n}`));
  const engine = await openEngine(url);
  t.teardown(() => engine.close());
  const parts: string[] = [];
  const { rows } = await exportFrom(engine, async (text) => {
    parts.push(text);
    await store.messages.insert(message(accountId, "meanwhile"));
  });
  t.is(rows.message, 150);
  t.is(rows.message_text, 150);
  t.false(parts.join("").includes("meanwhile"));
});

test("an export has no more in memory than some pages", async (t) => {
  const engine = await emptyEngine(t, "sqlite");
  await migrate(engine);
  await engine.write(async ({ executor }) => {
    const [table] = (await portableTables(executor, engine.sequelize)).filter(
      ({ name }) => name === "setting",
    );
    if (table)
      for (let n = 0; n < 40; n++)
        await insertRows(executor, table, [
          boundRow(table, { key: `k${n + 10}`, value: "x".repeat(1_000_000) }),
        ]);
    await executor.run(
      sql`INSERT INTO setting (key, value) SELECT 'a' || value, 'small' FROM json_each('[1,2,3]')`,
    );
  });
  let largest = 0;
  await exportFrom(engine, async (text) => {
    largest = Math.max(largest, text.length);
  });
  t.true(largest < 21 * 1_000_000, String(largest));
});
