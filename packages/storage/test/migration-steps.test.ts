import { migrations } from "../dist/migrations/index.js";
import { migrate, rollback } from "../dist/migrator.js";
import { defineModels } from "../dist/models/index.js";
import { compareSchemas } from "../dist/schema/differences.js";
import { readModels } from "../dist/schema/model-reader.js";
import { readSchema } from "../dist/schema/read-schema.js";
import { emptyDatabase } from "./migratable.js";
import { common, fillTables, ROWS, readRows } from "./rows.js";
import { onEachEngine } from "./support.js";

/** What going back costs, as the migration's docstring says: table and column. */
const lost: Readonly<Record<string, readonly [table: string, column: string]>> = {
  "2026.11.25T04.00.00.reaction-changes": ["reaction", "previous_emojis"],
};

const without = (
  rows: ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>,
  [table, column]: readonly string[] = [],
) =>
  new Map(
    [...rows].map(([name, entries]) => [
      name,
      name === table ? entries.map((entry) => ({ ...entry, [column ?? ""]: "" })) : entries,
    ]),
  );

onEachEngine("the models describe exactly the schema that the migrations make", async (t, name) => {
  const { engine } = await emptyDatabase(t, name);
  await migrate(engine);
  const found = await engine.read(({ executor }) => readSchema(executor));
  const wanted = readModels(Object.values(defineModels(engine.sequelize)));
  t.is(found.size, wanted.size);
  t.deepEqual(
    compareSchemas(name, wanted, found).map(({ sentence }) => sentence),
    [],
  );
});

for (const [place, step] of migrations.entries()) {
  onEachEngine(`${step.name} keeps the rows of every table, up and down`, async (t, name) => {
    const { engine } = await emptyDatabase(t, name);
    const rows = () => engine.read(({ executor }) => readRows(executor));
    const schema = () => engine.read(({ executor }) => readSchema(executor));
    await migrate(engine, { migrations: migrations.slice(0, place) });
    await engine.migrateIn(({ executor }) => fillTables(executor));
    const before = await rows();
    await migrate(engine, { migrations: migrations.slice(0, place + 1) });
    const up = await rows();
    t.deepEqual(common(up, before), common(before, up));
    const after = await schema();
    await engine.migrateIn(({ executor }) => fillTables(executor));
    for (const [table, entries] of await rows()) t.is(entries.length, ROWS, table);

    await rollback(engine, { migrations });
    t.deepEqual(without(await rows(), lost[step.name]), without(before, lost[step.name]));
    await migrate(engine, { migrations: migrations.slice(0, place + 1) });
    t.deepEqual(await schema(), after);
  });
}
