import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStore, Database, type Migration } from "@larder/storage";
import test from "ava";
import { migrations } from "../dist/migrations/index.js";
import { accountIn, temporaryDirectory } from "./support.js";

const addNotes: Migration = {
  name: "2027.01.01T00.00.00.notes",
  revision: 1,
  up: ({ run }) => run("CREATE TABLE note (text TEXT)"),
  down: ({ run }) => run("DROP TABLE note"),
};

test("opening an empty place makes the database, and opening it again changes nothing", async (t) => {
  const url = `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
  const first = await Database.open({ url });
  t.deepEqual(
    first.migrated.applied,
    migrations.map(({ name }) => name),
  );
  await first.database.close();
  const second = await Database.open({ url });
  t.deepEqual(second.migrated.applied, []);
  await second.database.close();
});

test("an older database is copied beside itself and then migrated, with its data", async (t) => {
  const directory = await temporaryDirectory(t);
  const url = `sqlite:${join(directory, "larder.db")}`;
  const { database } = await Database.open({ url });
  await accountIn(createStore(database));
  await database.close();
  const steps: string[] = [];
  const newer = await Database.open({
    url,
    migrations: [...migrations, addNotes],
    onProgress: (step) => steps.push(step.migration),
  });
  t.deepEqual(newer.migrated.applied, [addNotes.name]);
  t.deepEqual(steps, [addNotes.name]);
  t.is((await createStore(newer.database).accounts.list()).length, 1);
  await newer.database.close();
  const copies = (await readdir(directory)).filter((name) => name.includes(".before-"));
  t.is(copies.length, 1);
  const copy = await Database.open({ url: `sqlite:${join(directory, String(copies[0]))}` });
  t.is((await createStore(copy.database).accounts.list()).length, 1);
  await copy.database.close();
});

test("a database of a newer program is refused and left alone", async (t) => {
  const url = `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
  await (await Database.open({ url, migrations: [...migrations, addNotes] })).database.close();
  const error = await t.throwsAsync(Database.open({ url }));
  t.regex(String(error?.message), /newer Larder .*2027\.01\.01T00\.00\.00\.notes/);
});

test("a migration that changed after it was applied is refused", async (t) => {
  const url = `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
  await (await Database.open({ url, migrations: [...migrations, addNotes] })).database.close();
  const error = await t.throwsAsync(
    Database.open({ url, migrations: [...migrations, { ...addNotes, revision: 2 }] }),
  );
  t.regex(String(error?.message), /revision 1 there, 2 here/);
});

test("a migration that fails half-way is undone, and the old data stays usable", async (t) => {
  const url = `sqlite:${join(await temporaryDirectory(t), "larder.db")}`;
  const { database } = await Database.open({ url });
  await accountIn(createStore(database));
  await database.close();
  const broken: Migration = {
    ...addNotes,
    up: async ({ run }) => {
      await run("CREATE TABLE note (text TEXT)");
      await run("INSERT INTO no_such_table VALUES (1)");
    },
  };
  const error = await t.throwsAsync(Database.open({ url, migrations: [...migrations, broken] }));
  t.regex(String(error?.message), /failed and was undone: .*no such table/);
  const again = await Database.open({ url, migrations: [...migrations, addNotes] });
  t.deepEqual(again.migrated.applied, [addNotes.name], "the half-made table is gone");
  t.is((await createStore(again.database).accounts.list()).length, 1);
  await again.database.close();
});

test("a file that is no database is refused in words and left as it was", async (t) => {
  const file = join(await temporaryDirectory(t), "larder.db");
  await writeFile(file, "this is a shopping list, not a database, and it is longer than a header");
  const error = await t.throwsAsync(Database.open({ url: `sqlite:${file}` }));
  t.regex(String(error?.message), /the file is not a database/);
});

test("a URL of an engine that this build does not have is refused with the remedy", async (t) => {
  const error = await t.throwsAsync(Database.open({ url: "mysql://localhost/larder" }));
  t.regex(String(error?.message), /mysql:; use sqlite:PATH or postgres:/);
});
