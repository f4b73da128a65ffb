import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  createMigration,
  type Engine,
  type Migration,
  migrate,
  rollback,
  schemaDifferences,
} from "@larder/storage";
import type { ExecutionContext } from "ava";
import { Model } from "sequelize";
import ts from "typescript";
import { migrations } from "../dist/migrations/index.js";
import { columnsFor, defineModels, index } from "../dist/models/index.js";
import { readSchema } from "../dist/schema/read-schema.js";
import { sql } from "../dist/sql.js";
import { changedModels } from "./changed-models.js";
import { emptyDatabase } from "./migratable.js";
import { common, fillTables, readRows } from "./rows.js";
import { onEachEngine } from "./support.js";

const NOW = new Date("2030-01-02T03:04:05.678Z");
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/** A copy of the sources within the package, so that its dependencies are found; it goes after the test. */
async function copyOfSources(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(PACKAGE, "dist-test", "sources-"));
  t.teardown(() => rm(directory, { recursive: true }));
  await cp(join(PACKAGE, "src"), directory, { recursive: true });
  return join(directory, "migrations");
}

/** Compiles one file of a copy without looking at types, and loads what it exports. */
async function load(directory: string, file: string, name: string): Promise<Migration> {
  for (const source of [file, join(directory, "columns.ts")]) {
    const { outputText } = ts.transpileModule(await readFile(source, "utf8"), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
        verbatimModuleSyntax: true,
      },
    });
    await writeFile(source.replace(/\.ts$/, ".js"), outputText);
  }
  const module = (await import(pathToFileURL(file.replace(/\.ts$/, ".js")).href)) as Record<
    string,
    Migration
  >;
  const migration = module[name];
  if (!migration) throw new Error(`${file} does not export ${name}`);
  return migration;
}

/** Rows of `message` that are found by a word that all of them have. */
const countMatches = (engine: Engine["dialect"]["name"]) =>
  engine === "sqlite"
    ? sql`SELECT count(*) AS n FROM message_text_index WHERE message_text_index MATCH 'of'`
    : sql`SELECT count(*) AS n FROM message WHERE search_vector @@ 'of'::tsquery`;

const sentences = async (engine: Engine, models: readonly unknown[]) =>
  (await schemaDifferences(engine, models)).map(({ sentence }) => sentence);

/**
 * Writes a migration for the models, and runs it up and down and up again over rows in every table: each time there
 * must be no difference, and what both schemas have must be as it was.
 */
async function writtenMigration(t: ExecutionContext, engine: Engine, models: readonly unknown[]) {
  await migrate(engine);
  await engine.migrateIn(({ executor }) => fillTables(executor));
  const rows = () => engine.read(({ executor }) => readRows(executor));
  const schema = () => engine.read(({ executor }) => readSchema(executor));
  const [rowsBefore, schemaBefore] = [await rows(), await schema()];
  const directory = await copyOfSources(t);
  const { name, file, differences } = await createMigration({
    name: "try-it",
    now: NOW,
    directory,
    database: engine,
    models,
  });
  t.true(differences.length > 0);
  t.regex(await readFile(join(directory, "index.ts"), "utf8"), /\[initial, .*tryIt\];/);
  const step = await load(directory, file, "tryIt");
  t.is(name, "2030.01.02T03.04.05.try-it");
  t.is(step.name, name);
  const all = [...migrations, step];

  await migrate(engine, { migrations: all });
  t.deepEqual(await sentences(engine, models), [], "after up");
  const rowsUp = await rows();
  const found = await engine.read(({ executor }) =>
    executor.all<{ n: number }>(countMatches(executor.dialect.name)),
  );
  t.is(Number(found[0]?.n), 3, "the full text is found");
  await rollback(engine, { migrations: all });
  t.deepEqual(await sentences(engine, Object.values(defineModels(engine.sequelize))), [], "after down");
  const byName = (tables: Awaited<ReturnType<typeof schema>>) =>
    [...tables].map(([table, { columns }]) => [table, columns.map((column) => column.name).sort()]);
  t.deepEqual(byName(await schema()), byName(schemaBefore));
  await migrate(engine, { migrations: all });
  t.deepEqual(await sentences(engine, models), [], "after up again");
  return { rowsBefore, rowsUp, rowsAgain: await rows() };
}

onEachEngine(
  "a column, an index and a table that the models got are made by the written migration",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    const c = columnsFor(engine.sequelize);
    class Note extends Model {}
    Note.init(
      {
        id: c.id(),
        accountId: c.key("account", { allowNull: false }),
        text: c.text({ allowNull: false, defaultValue: "it's empty" }),
        data: c.queriedJson(),
      },
      {
        sequelize: engine.sequelize,
        tableName: "note",
        indexes: [index("note_by_text", ["account_id", "text"], { unique: true, where: "text <> ''" })],
      },
    );
    const models = changedModels(
      engine.sequelize,
      {
        Message: {
          attributes: {
            mood: c.text({ allowNull: false }),
            stars: c.count({ allowNull: false, defaultValue: 5 }),
            noteId: c.key("note", { onDelete: "SET NULL" }),
          },
          indexes: (before) => [...before, index("message_by_mood", ["mood", "id"])],
        },
      },
      [Note],
    );
    const { rowsBefore, rowsUp, rowsAgain } = await writtenMigration(t, engine, models);
    t.deepEqual(common(rowsUp, rowsBefore), common(rowsBefore, rowsUp));
    t.deepEqual(rowsAgain, rowsUp);
    const [message] = rowsUp.get("message") ?? [];
    t.like(message, { mood: '""', stars: "5", note_id: "null" });
  },
);

onEachEngine(
  "changed types, nullability, defaults, keys and indexes go both ways with their rows",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    const c = columnsFor(engine.sequelize);
    const models = changedModels(engine.sequelize, {
      Account: {
        attributes: {
          tls: c.text({ allowNull: false, defaultValue: "always" }),
          resource: c.text({ allowNull: false }),
          autoConnect: c.count({ allowNull: false, defaultValue: 1 }),
          jid: c.text({ allowNull: false }),
          service: c.text({ unique: true }),
        },
      },
      Message: {
        attributes: { nick: c.text({ allowNull: false, defaultValue: "nobody" }), conversation: c.text() },
        indexes: (before) => [
          ...before.filter((entry) => entry.name !== "message_by_time"),
          index("message_by_time", ["received_at", "id"]),
        ],
      },
      PubsubNode: { attributes: { generation: c.text({ allowNull: false, defaultValue: "0" }) } },
      Room: { attributes: { accountId: c.looseKey({ primaryKey: true }) } },
      Thread: { attributes: { accountId: c.key("account", { allowNull: false, onDelete: "RESTRICT" }) } },
      RosterContact: { attributes: { jid: c.text({ allowNull: false }) } },
      Event: { attributes: { accountId: c.key("account", { onDelete: "SET NULL" }) }, indexes: () => [] },
    });
    const { rowsBefore, rowsUp, rowsAgain } = await writtenMigration(t, engine, models);
    t.deepEqual(rowsAgain, rowsUp);
    const other = ["account", "pubsub_node"];
    const same = (rows: typeof rowsUp) => [...rows].filter(([table]) => !other.includes(table));
    t.deepEqual(same(rowsUp), same(rowsBefore));
    t.is(rowsUp.get("pubsub_node")?.[0]?.generation, '"10"');
    t.deepEqual(
      rowsUp.get("account")?.map((row) => row.auto_connect),
      ["0", "1", "0"],
    );
  },
);

onEachEngine("dropped columns and tables come back empty, with all of their rules", async (t, name) => {
  const { engine } = await emptyDatabase(t, name);
  const models = changedModels(engine.sequelize, {
    Conversation: {
      attributes: { lastMessageId: undefined, type: undefined },
      indexes: (before) => before.filter((entry) => entry.name !== "conversation_by_last_message"),
    },
    MessageVersion: null,
    MessageAlias: null,
    PubsubItem: { attributes: { parser: undefined } },
  });
  const { rowsBefore, rowsUp } = await writtenMigration(t, engine, models);
  t.deepEqual(common(rowsUp, rowsUp), common(rowsBefore, rowsUp));
});

onEachEngine("the written file is sound TypeScript", async (t, name) => {
  const { engine } = await emptyDatabase(t, name);
  await migrate(engine);
  const directory = await copyOfSources(t);
  const c = columnsFor(engine.sequelize);
  const models = changedModels(engine.sequelize, {
    Account: { attributes: { mood: c.text({ allowNull: false }), ownerId: c.key("account") } },
    Message: {
      indexes: (before) => [...before, index("message_newest", ["timestamp"], { where: "id > 5" })],
    },
    MessageVersion: null,
  });
  const { file } = await createMigration({ name: "try-it", now: NOW, directory, database: engine, models });
  const config = ts.readConfigFile(join(PACKAGE, "..", "..", "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, directory);
  const program = ts.createProgram([file, join(directory, "index.ts")], {
    ...options,
    noEmit: true,
    composite: false,
    incremental: false,
  });
  const found = [file, join(directory, "index.ts")].flatMap((source) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(source)),
  );
  t.deepEqual(
    found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    [],
  );
});

onEachEngine(
  "a name that cannot be one, a clock or a database that is behind, are refused",
  async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    const directory = await copyOfSources(t);
    const create = (title: string, now: Date) =>
      createMigration({
        name: title,
        now,
        directory,
        database: engine,
        models: Object.values(defineModels(engine.sequelize)),
      });
    for (const bad of ["", "Two words", "../escape", "a--b", "x.y"]) {
      await t.throwsAsync(create(bad, NOW), { message: /made of lower-case words/ });
    }
    await t.throwsAsync(create("late", new Date("2026-01-01")), { message: /is the clock right/ });
    await t.throwsAsync(create("initial", NOW), { message: /there is a migration called initial/ });
    await t.throwsAsync(create("early", NOW), { message: /lacks .*initial, .*migrate it first/ });
    await migrate(engine);
    const { differences, file } = await create("by-hand", NOW);
    t.deepEqual(differences, []);
    t.regex(await readFile(file, "utf8"), /async up\(\) \{\},\n {2}async down\(\) \{\},/);
  },
);
