import type { Engine } from "@larder/storage";
import type { ExecutionContext } from "ava";
import { migrate } from "../dist/migrator.js";
import type { TableDescription } from "../dist/schema/description.js";
import { editSchema } from "../dist/schema/edit-schema.js";
import type { SchemaEditor } from "../dist/schema/editor.js";
import { readSchema } from "../dist/schema/read-schema.js";
import { type Executor, raw } from "../dist/sql.js";
import { emptyDatabase } from "./migratable.js";
import { type EngineName, onEachEngine } from "./support.js";

const shelf: TableDescription = {
  name: "shelf",
  columns: [
    { name: "id", type: "id", nullable: false },
    { name: "label", type: "text", nullable: true },
  ],
  primaryKey: ["id"],
  unique: [],
  foreignKeys: [],
  indexes: [{ name: "shelf_by_label", parts: ["label", { column: "id", descending: true }], unique: false }],
};

const jar: TableDescription = {
  name: "jar",
  columns: [
    { name: "id", type: "id", nullable: false },
    { name: "shelf_id", type: "key", nullable: false },
  ],
  primaryKey: ["id"],
  unique: [],
  foreignKeys: [{ columns: ["shelf_id"], table: "shelf", references: ["id"], onDelete: "CASCADE" }],
  indexes: [],
};

interface Bench {
  readonly engine: Engine;
  /** Changes the schema as a step would. */
  edit(work: (schema: SchemaEditor) => Promise<void>): Promise<void>;
  run(...statements: string[]): Promise<void>;
  all(statement: string): Promise<Record<string, unknown>[]>;
  table(name: string): Promise<TableDescription | undefined>;
}

/** Shelves with jars on them: 1 without a label, 2 "7", 3 "jam"; row 3 was the last of five. */
async function bench(t: ExecutionContext, name: EngineName): Promise<Bench> {
  const { engine } = await emptyDatabase(t, name);
  const write = (work: (executor: Executor) => Promise<void>) =>
    engine.write(({ executor }) => work(executor));
  const made: Bench = {
    engine,
    edit: (work) => engine.migrateIn(({ executor }) => work(editSchema(executor))),
    run: (...statements) =>
      write(async (executor) => {
        for (const statement of statements) await executor.run(raw(statement));
      }),
    all: (statement) => engine.read(({ executor }) => executor.all(raw(statement))),
    table: (table) => engine.read(async ({ executor }) => (await readSchema(executor)).get(table)),
  };
  await made.edit(async (schema) => {
    await schema.createTable(shelf);
    await schema.createTable(jar);
  });
  await made.run(
    "INSERT INTO shelf (label) VALUES (NULL), ('7'), ('jam'), ('x'), ('y')",
    "DELETE FROM shelf WHERE id > 3",
    "INSERT INTO jar (shelf_id) VALUES (1), (2), (3)",
  );
  return made;
}

onEachEngine("a table is read as it was described", async (t, name) => {
  const { table } = await bench(t, name);
  t.deepEqual(await table("shelf"), shelf);
  t.deepEqual(await table("jar"), jar);
});

onEachEngine(
  "changing a table leaves the rows that refer to it, its indexes and its numbering",
  async (t, name) => {
    const { edit, run, all, table } = await bench(t, name);
    await edit((schema) =>
      schema.changeColumn("shelf", { name: "label", type: "text", nullable: false, default: "none" }),
    );
    t.deepEqual((await table("shelf"))?.indexes, shelf.indexes);
    t.deepEqual(await all("SELECT id, label FROM shelf ORDER BY id"), [
      { id: 1, label: "none" },
      { id: 2, label: "7" },
      { id: 3, label: "jam" },
    ]);
    t.is((await all("SELECT * FROM jar")).length, 3);
    await run("INSERT INTO shelf (label) VALUES ('new')");
    t.deepEqual(
      await all("SELECT id FROM shelf WHERE label = 'new'"),
      [{ id: 6 }],
      "4 and 5 are not given again",
    );
    await run("DELETE FROM shelf WHERE id = 2");
    t.is((await all("SELECT * FROM jar")).length, 2, "the foreign key still leads to the table");
  },
);

onEachEngine(
  "a value that the new type has no word for fails the step, which changes nothing",
  async (t, name) => {
    const { edit, all, table } = await bench(t, name);
    const error = await t.throwsAsync(
      edit(async (schema) => {
        await schema.dropIndex("shelf_by_label");
        await schema.changeColumn("shelf", { name: "label", type: "count", nullable: true });
      }),
    );
    t.regex(String(error?.message), /1 values of shelf\.label cannot become INTEGER/);
    t.deepEqual(await table("shelf"), shelf);
    t.is((await all("SELECT * FROM shelf WHERE label = 'jam'")).length, 1);
  },
);

onEachEngine("texts that are numbers become numbers, and texts again", async (t, name) => {
  const { edit, run, all } = await bench(t, name);
  await run("UPDATE shelf SET label = '-12' WHERE label = 'jam'");
  const as = (type: "count" | "text" | "bigint") =>
    edit((schema) => schema.changeColumn("shelf", { name: "label", type, nullable: true }));
  for (const [type, labels] of [
    ["count", [null, 7, -12]],
    ["bigint", [null, 7, -12]],
    ["text", [null, "7", "-12"]],
  ] as const) {
    await as(type);
    t.deepEqual(
      (await all("SELECT label FROM shelf ORDER BY id")).map(({ label }) => label),
      [...labels],
    );
  }
});

onEachEngine("a column that must hold something is filled where it is added", async (t, name) => {
  const { edit, all, table } = await bench(t, name);
  const column = { name: "owner", type: "text", nullable: false } as const;
  await edit((schema) => schema.addColumn("shelf", column, { fill: "it's nobody's" }));
  t.deepEqual(await all("SELECT DISTINCT owner FROM shelf"), [{ owner: "it's nobody's" }]);
  t.deepEqual((await table("shelf"))?.columns.at(-1), column);
  await t.throwsAsync(edit((schema) => schema.addColumn("shelf", { ...column, name: "other" })));
});

onEachEngine("a foreign key that leads nowhere fails the step", async (t, name) => {
  const { edit, run, table } = await bench(t, name);
  await edit((schema) => schema.dropForeignKey("jar", ["shelf_id"]));
  await run("INSERT INTO jar (shelf_id) VALUES (99)");
  await t.throwsAsync(edit((schema) => schema.addForeignKey("jar", jar.foreignKeys[0] as never)));
  t.deepEqual((await table("jar"))?.foreignKeys, []);
  await run("DELETE FROM jar WHERE shelf_id = 99");
  await edit((schema) => schema.addForeignKey("jar", jar.foreignKeys[0] as never));
  t.deepEqual(await table("jar"), jar);
});

onEachEngine(
  "dropping a column takes its indexes, unique rules and references along, and no others",
  async (t, name) => {
    const { edit, table } = await bench(t, name);
    await edit(async (schema) => {
      await schema.addUnique("jar", ["shelf_id", "id"]);
      await schema.addIndex("jar", {
        name: "jar_odd",
        parts: [{ expression: "shelf_id % 2" }],
        unique: false,
      });
      await schema.addColumn("jar", { name: "lid", type: "flag", nullable: false, default: true });
      await schema.addIndex("jar", { name: "jar_open", parts: ["id"], unique: true, where: "NOT lid" });
      await schema.dropColumn("jar", "shelf_id");
    });
    const left = await table("jar");
    t.deepEqual(
      left?.columns.map((column) => column.name),
      ["id", "lid"],
    );
    t.deepEqual([left?.unique, left?.foreignKeys], [[], []]);
    t.deepEqual(
      left?.indexes.map((index) => index.name),
      ["jar_open"],
    );
  },
);

onEachEngine(
  "a table with full text is changed, and what is written before and after is found",
  async (t, name) => {
    const { engine, edit, run, all } = await bench(t, name);
    await migrate(engine);
    await run("INSERT INTO account (jid, created_at) VALUES ('a@larder.test', 1)");
    const add = (uid: string, words: string) =>
      run(`INSERT INTO message (uid, account_id, conversation, direction, type, from_jid, to_jid, sender, timestamp,
      received_at, search_text) VALUES ('${uid}', 1, 'b', 'in', 'chat', 'b', 'a', 'b', 1, 1, '${words}')`);
    await add("one", "apple pie");
    await edit((schema) =>
      schema.changeColumn("message", { name: "nick", type: "text", nullable: false, default: "" }),
    );
    await add("two", "apple juice");
    await run("UPDATE message SET search_text = 'plum pie' WHERE uid = 'one'");
    const found = async (word: string) =>
      (
        await all(
          name === "sqlite"
            ? `SELECT uid FROM message_text_index JOIN message ON id = message_text_index.rowid WHERE message_text_index MATCH '${word}'`
            : `SELECT uid FROM message WHERE search_vector @@ '${word}'::tsquery`,
        )
      ).map(({ uid }) => uid);
    t.deepEqual(await found("apple"), ["two"]);
    t.deepEqual(await found("plum"), ["one"]);
    await run("DELETE FROM message WHERE uid = 'two'");
    t.deepEqual(await found("juice"), []);
  },
);

onEachEngine(
  "an index that was made at run time stays with its table and is no part of the schema",
  async (t, name) => {
    const { edit, run, all, table } = await bench(t, name);
    await run("CREATE INDEX path_1 ON shelf (lower(label))");
    await edit((schema) =>
      schema.changeColumn("shelf", { name: "label", type: "text", nullable: false, default: "" }),
    );
    t.deepEqual((await table("shelf"))?.indexes, shelf.indexes);
    const indexes =
      name === "sqlite"
        ? "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'shelf' AND name LIKE 'path%'"
        : "SELECT indexname AS name FROM pg_indexes WHERE tablename = 'shelf' AND indexname LIKE 'path%'";
    t.deepEqual(await all(indexes), [{ name: "path_1" }]);
  },
);

onEachEngine(
  "columns that are placed first keep their values, and a name that is no column fails",
  async (t, name) => {
    const { edit, all, table } = await bench(t, name);
    const before = await table("shelf");
    const rows = await all("SELECT id, label FROM shelf ORDER BY id");
    await edit((schema) => schema.orderColumns("shelf", ["label"]));
    const after = await table("shelf");
    t.deepEqual(
      after?.columns.map((column) => column.name),
      name === "sqlite" ? ["label", "id"] : ["id", "label"],
    );
    t.deepEqual(await all("SELECT id, label FROM shelf ORDER BY id"), rows);
    const sorted = (columns = before?.columns) => columns?.toSorted((a, b) => a.name.localeCompare(b.name));
    t.deepEqual({ ...after, columns: sorted(after?.columns) }, { ...before, columns: sorted() });
    await t.throwsAsync(
      edit((schema) => schema.orderColumns("shelf", ["labell"])),
      { message: /no column labell/ },
    );
  },
);
