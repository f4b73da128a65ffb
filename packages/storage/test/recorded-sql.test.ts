import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import test from "ava";
import { migrations } from "../dist/migrations/index.js";
import { migrate, rollback } from "../dist/migrator.js";
import { emptyDatabase, engines, stopServer } from "./migratable.js";

const RECORDS = new URL("../test/recorded/", import.meta.url);
const RECORD = "(cd packages/storage && LARDER_RECORD=1 npx ava dist-test/recorded-sql.test.js)";

test.after.always(stopServer);

/** What the migrator does for itself is no part of a migration. */
const ofStep = (statement: string) => !/^LOCK TABLE migration|[`" ]migration[`" ]/.test(statement);

for (const engine of engines) {
  for (const [place, step] of migrations.entries()) {
    test(`${engine}: ${step.name} runs the SQL that was recorded for its revision`, async (t) => {
      const database = await emptyDatabase(t, engine);
      await migrate(database, { migrations: migrations.slice(0, place) });
      const ran = () => database.statements.splice(0).filter(ofStep);
      ran();
      await migrate(database, { migrations: migrations.slice(0, place + 1) });
      const up = ran();
      await rollback(database, { migrations });
      const now = [`-- ${step.name}, revision ${step.revision}: up`, ...up, "-- down", ...ran(), ""].join(
        ";\n",
      );
      const file = new URL(`${step.name}.${engine}.sql`, RECORDS);
      if (process.env.LARDER_RECORD) {
        await mkdir(RECORDS, { recursive: true });
        await writeFile(file, now);
      }
      const recorded = await readFile(file, "utf8").catch(() => "");
      t.is(
        now,
        recorded,
        `The SQL of ${step.name} is not what was recorded. If this step was ever released, take the change back and ` +
          `write a new migration. If not, raise its \`revision\` and record again: ${RECORD}`,
      );
    });
  }
}

test("nothing is recorded of migrations that are not there", async (t) => {
  const names = new Set(migrations.flatMap(({ name }) => engines.map((engine) => `${name}.${engine}.sql`)));
  t.deepEqual(
    (await readdir(RECORDS)).filter((name) => !names.has(name)),
    [],
  );
});
