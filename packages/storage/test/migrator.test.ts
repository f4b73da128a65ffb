import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  Database,
  type Migration,
  migrate,
  migrationStatus,
  openEngine,
  rollback,
  schemaDifferences,
} from "@larder/storage";
import test from "ava";
import { migrations } from "../dist/migrations/index.js";
import { readSchema } from "../dist/schema/read-schema.js";
import { raw } from "../dist/sql.js";
import { emptyDatabase } from "./migratable.js";
import { common, fillTables, ROWS, readRows } from "./rows.js";
import { onEachEngine, postgres, temporaryDirectory } from "./support.js";

const [initial, ...later] = migrations as [Migration, ...Migration[]];

const step = (
  name: string,
  up: Migration["up"] = async () => {},
  down: Migration["down"] = async () => {},
): Migration => ({
  name,
  revision: 1,
  up,
  down,
});

const notes = step(
  "2031.01.01T00.00.00.notes",
  ({ run }) => run("CREATE TABLE note (text TEXT)"),
  ({ run }) => run("DROP TABLE note"),
);

onEachEngine(
  "a step that fails half-way, up or down, leaves the schema and the rows as they were",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    await migrate(engine);
    await engine.migrateIn(({ executor }) => fillTables(executor));
    const state = () =>
      engine.read(async ({ executor }) => [await readSchema(executor), await readRows(executor)]);
    const before = await state();
    const breaking: Migration["up"] = async ({ schema, run }) => {
      await schema.changeColumn("account", { name: "jid", type: "text", nullable: true });
      await schema.dropTable("conversation");
      await run("UPDATE message SET thread = 'gone'");
      await run("INSERT INTO no_such_table VALUES (1)");
    };
    const broken = step("2030.01.01T00.00.00.broken", breaking, breaking);
    const up = await t.throwsAsync(migrate(engine, { migrations: [...migrations, broken] }));
    t.regex(String(up?.message), /migrating the database failed and was undone: .*no_such_table/);
    t.deepEqual(await state(), before);
    t.deepEqual((await migrationStatus(engine)).pending, []);

    await migrate(engine, { migrations: [...migrations, { ...broken, up: async () => {} }] });
    const down = await t.throwsAsync(rollback(engine, { migrations: [...migrations, broken] }));
    t.regex(String(down?.message), /rolling the database back failed and was undone: .*no_such_table/);
    t.deepEqual(await state(), before);
    t.is((await migrationStatus(engine, [...migrations, broken])).applied.at(-1)?.name, broken.name);
  },
);

onEachEngine(
  "rolling back undoes the last step, or all that are newer than the one named",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    const all = [...migrations, notes, step("2032.01.01T00.00.00.more")];
    await migrate(engine, { migrations: all });
    t.deepEqual((await rollback(engine, { migrations: all })).undone, ["2032.01.01T00.00.00.more"]);
    t.deepEqual((await rollback(engine, { migrations: all, to: initial.name })).undone, [
      notes.name,
      ...later.map((entry) => entry.name).toReversed(),
    ]);
    t.deepEqual((await rollback(engine, { migrations: all, to: initial.name })).undone, []);
    await t.throwsAsync(rollback(engine, { migrations: all, to: notes.name }), {
      message: /does not have it/,
    });
    t.deepEqual((await rollback(engine, { migrations: all })).undone, [initial.name]);
    t.deepEqual((await rollback(engine, { migrations: all })).undone, []);
    t.is((await engine.read(({ executor }) => readSchema(executor))).size, 0);
  },
);

onEachEngine(
  "the status tells what is applied and when, pending, changed and unknown, and writes nothing",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    t.deepEqual(await migrationStatus(engine), {
      applied: [],
      pending: migrations.map((entry) => entry.name),
      unknown: [],
      changed: [],
    });
    t.is((await engine.read(({ executor }) => readSchema(executor))).size, 0);
    const start = Date.now();
    await migrate(engine, { migrations: [initial, notes] });
    const status = await migrationStatus(engine, [{ ...initial, revision: 2 }, ...later]);
    t.deepEqual(
      status.pending,
      later.map((entry) => entry.name),
    );
    t.deepEqual([status.changed, status.unknown], [[initial.name], [notes.name]]);
    t.true(
      status.applied.every(
        ({ appliedAt }) => appliedAt.getTime() >= start && appliedAt.getTime() <= Date.now(),
      ),
    );
    for (const act of [migrate, rollback])
      await t.throwsAsync(act(engine), { message: /written by a newer Larder/ });
  },
);

onEachEngine("of several that migrate one database at once, each step is run by one", async (t, name) => {
  const { url } = await emptyDatabase(t, name);
  let runs = 0;
  const slow = step("2030.01.01T00.00.00.slow", async ({ run }) => {
    runs++;
    await run("CREATE TABLE slow (number INTEGER)");
  });
  const reports = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const engine = await openEngine(url);
      t.teardown(() => engine.close());
      return migrate(engine, { migrations: [initial, slow] });
    }),
  );
  t.is(runs, 1);
  t.deepEqual(reports.flatMap(({ applied }) => applied).sort(), [initial.name, slow.name]);
});

test("a migrator that has lost its turn still runs no step a second time", async (t) => {
  const { engine, url } = await emptyDatabase(t, "postgres");
  await migrate(engine, { migrations: [initial] });
  let entered = 0;
  const someoneWaits = () =>
    engine.read(({ executor }) => executor.first(raw("SELECT 1 FROM pg_locks WHERE NOT granted")));
  const once = step("2030.01.01T00.00.00.once", async () => {
    entered++;
    while (entered < 2 && !(await someoneWaits())) await delay(10); // the other one got as far as it can
  });
  const reports = await Promise.all(
    [1, 2].map(async () => {
      const other = await openEngine(url);
      t.teardown(() => other.close());
      other.holdMigration = (work) => work(); // as if the session that held it had ended
      return migrate(other, { migrations: [initial, once] });
    }),
  );
  t.is(entered, 1);
  t.deepEqual(
    reports.flatMap(({ applied }) => applied),
    [once.name],
  );
});

onEachEngine("each step, and what it is doing, is told as it comes", async (t, name) => {
  const { engine } = await emptyDatabase(t, name);
  const told: string[] = [];
  const busy = step("2030.01.01T00.00.00.busy", async ({ progress }) => progress("counting"));
  const options = {
    migrations: [initial, busy],
    onProgress: (now: {
      migration: string;
      index: number;
      count: number;
      direction: string;
      doing?: string;
    }) =>
      told.push(`${now.index + 1}/${now.count} ${now.direction} ${now.migration} ${now.doing ?? ""}`.trim()),
  };
  await migrate(engine, options);
  await rollback(engine, options);
  t.deepEqual(told, [
    `1/2 up ${initial.name}`,
    `2/2 up ${busy.name}`,
    `2/2 up ${busy.name} counting`,
    `2/2 down ${busy.name}`,
  ]);
});

onEachEngine(
  "the order of a message's texts and the number of a node's items are filled in",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    await migrate(engine, { migrations: [initial] });
    await engine.migrateIn(async ({ executor }) => {
      await fillTables(executor);
      for (const statement of [
        "DELETE FROM message_text WHERE message_id = 1",
        `INSERT INTO message_text (message_id, kind, lang, text)
           VALUES (1, 'subject', 'fr', 'a'), (1, 'body', 'fr', 'b'), (1, 'body', '', 'c'), (1, 'body', 'de', 'd')`,
        // Of these three, one is not visible yet.
        `INSERT INTO pubsub_item (id, node_id, item_id, created, updated, date_source, xml, position, generation)
           SELECT 100 + id, 2, 'more ' || id, 1, 1, 'service', '<item/>', id - 2, 1 FROM account`,
      ])
        await executor.run(raw(statement));
    });
    await migrate(engine);
    const all = (statement: string) => engine.read(({ executor }) => executor.all(raw(statement)));
    t.deepEqual(
      await all("SELECT text, position FROM message_text WHERE message_id = 1 ORDER BY position"),
      ["a", "b", "c", "d"].map((text, position) => ({ text, position })),
    );
    t.deepEqual(await all("SELECT id, items FROM pubsub_node ORDER BY id"), [
      { id: 1, items: 1 },
      { id: 2, items: 3 },
      { id: 3, items: 1 },
    ]);
  },
);

test("a database of the first release is taken over with all of its rows and its full text", async (t) => {
  const file = join(await temporaryDirectory(t), "larder.db");
  const record = new URL(`../test/recorded/${initial.name}.sqlite.sql`, import.meta.url);
  const [, up = ""] = /: up;\n(.*);\n-- down/s.exec(await readFile(record, "utf8")) ?? [];
  const old = await openEngine(`sqlite:${file}`);
  const before = await old.write(async ({ executor }) => {
    for (const statement of [
      ...up.split(";\n"),
      "CREATE TABLE migration (name TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, applied_at BIGINT NOT NULL)",
      `INSERT INTO migration VALUES ('${initial.name}', 1, 1700000000000)`,
    ])
      await executor.run(raw(statement));
    await fillTables(executor);
    return readRows(executor);
  });
  await old.close();

  const { database, migrated } = await Database.open({ url: `sqlite:${file}` });
  t.teardown(() => database.close());
  t.deepEqual(
    migrated.applied,
    later.map((entry) => entry.name),
  );
  t.truthy(migrated.copy);
  t.deepEqual(await schemaDifferences(database), []);
  const after = await database.read(({ executor }) => readRows(executor));
  for (const rows of [before, after]) rows.delete("setting"); // opening gives the event log its epoch
  t.deepEqual(common(after, before), common(before, after));
  for (const table of ["message", "pubsub_item"]) {
    const index = `${table}_text_index`;
    const found = await database.read(({ executor }) =>
      executor.all(raw(`SELECT rowid FROM ${index} WHERE ${index} MATCH 'of'`)),
    );
    t.is(found.length, ROWS, table);
    await database.write(({ executor }) =>
      executor.run(raw(`INSERT INTO ${index}(${index}, rank) VALUES ('integrity-check', 1)`)),
    );
  }
  t.deepEqual(await database.read(({ executor }) => executor.all(raw("PRAGMA integrity_check"))), [
    { integrity_check: "ok" },
  ]);
});

test("going back copies a file beside itself first", async (t) => {
  const file = join(await temporaryDirectory(t), "larder.db");
  const engine = await openEngine(`sqlite:${file}`);
  t.teardown(() => engine.close());
  await migrate(engine);
  await engine.migrateIn(({ executor }) => fillTables(executor));
  const { copy } = await rollback(engine);
  const before = await openEngine(`sqlite:${copy}`);
  t.teardown(() => before.close());
  const rows = await before.read(({ executor }) => readRows(executor));
  t.is(rows.get("conversation")?.length, 3);
});

test("a session that waits for its turn to migrate finds everything done", async (t) => {
  const url = await (await postgres()).createDatabase();
  const [first, second] = [await openEngine(url), await openEngine(url)];
  t.teardown(() => Promise.all([first.close(), second.close()]));
  let waiting: Promise<unknown> = Promise.resolve();
  const handsOver = step("2030.01.01T00.00.00.hands-over", async () => {
    waiting = migrate(second, { migrations: [initial, handsOver] }); // starts while this one holds the turn
  });
  const report = await migrate(first, { migrations: [initial, handsOver] });
  t.is(report.applied.length, 2);
  t.deepEqual(await waiting, { applied: [] });
});
