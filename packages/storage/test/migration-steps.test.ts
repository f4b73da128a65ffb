import test from "ava";
import { migrations } from "../dist/migrations/index.js";
import { migrate, rollback } from "../dist/migrator.js";
import { defineModels } from "../dist/models/index.js";
import { compareSchemas, describeDifference } from "../dist/schema/differences.js";
import { readModels } from "../dist/schema/model-reader.js";
import { readSchema } from "../dist/schema/read-schema.js";
import { emptyDatabase, engines, stopServer } from "./migratable.js";
import { common, fillTables, ROWS, readRows } from "./rows.js";

test.after.always(stopServer);

for (const engine of engines) {
  test(`${engine}: the models describe exactly the schema that the migrations make`, async (t) => {
    const database = await emptyDatabase(t, engine);
    await migrate(database);
    const found = await database.read(({ executor }) => readSchema(engine, executor));
    const wanted = readModels(Object.values(defineModels(database.sequelize)));
    t.is(found.size, wanted.size);
    t.deepEqual(
      compareSchemas(engine, wanted, found).map((difference) => describeDifference(engine, difference)),
      [],
    );
  });

  for (const [place, step] of migrations.entries()) {
    test(`${engine}: ${step.name} keeps the rows of every table, up and down`, async (t) => {
      const database = await emptyDatabase(t, engine);
      const rows = () => database.read(({ executor }) => readRows(engine, executor));
      await migrate(database, { migrations: migrations.slice(0, place) });
      await database.migrateIn(({ executor }) => fillTables(engine, executor));
      const before = await rows();
      await migrate(database, { migrations: migrations.slice(0, place + 1) });
      const empty = await rows();
      t.deepEqual(common(empty, before), common(before, empty));
      await database.migrateIn(({ executor }) => fillTables(engine, executor));
      const full = await rows();
      for (const [table, entries] of full) t.is(entries.length, ROWS, table);
      const schema = await database.read(({ executor }) => readSchema(engine, executor));

      await rollback(database, { migrations });
      const after = await rows();
      t.deepEqual(after, before);
      await migrate(database, { migrations: migrations.slice(0, place + 1) });
      t.deepEqual(await database.read(({ executor }) => readSchema(engine, executor)), schema);
    });
  }
}
