import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import test from "ava";
import { migrations } from "../dist/migrations/index.js";
import { migrate, rollback } from "../dist/migrator.js";
import { emptyDatabase } from "./migratable.js";
import { engines, onEachEngine } from "./support.js";

const RECORDS = new URL("../test/recorded/", import.meta.url);
const RECORD = "(cd packages/storage && LARDER_RECORD=1 npx ava dist-test/recorded-sql.test.js)";

/** What the migrator does for itself is no part of a migration. */
const ofStep = (statement: string) => !/^LOCK TABLE migration|[`" ]migration[`" ]/.test(statement);

for (const [place, step] of migrations.entries()) {
  onEachEngine(`${step.name} runs the SQL that was recorded for its revision`, async (t, name) => {
    const { engine, statements } = await emptyDatabase(t, name);
    const ran = () => statements.splice(0).filter(ofStep);
    await migrate(engine, { migrations: migrations.slice(0, place) });
    ran();
    await migrate(engine, { migrations: migrations.slice(0, place + 1) });
    const up = ran();
    await rollback(engine, { migrations });
    const now = [`-- ${step.name}, revision ${step.revision}: up`, ...up, "-- down", ...ran(), ""].join(
      ";\n",
    );
    const file = new URL(`${step.name}.${name}.sql`, RECORDS);
    if (process.env.LARDER_RECORD) {
      await mkdir(RECORDS, { recursive: true });
      await writeFile(file, now);
    }
    t.is(
      now,
      await readFile(file, "utf8").catch(() => ""),
      `The SQL of ${step.name} is not what was recorded. If this step was ever released, take the change back and ` +
        `write a new migration. If not, raise its \`revision\` and record again: ${RECORD}`,
    );
  });
}

test.serial("nothing is recorded of migrations that are not there", async (t) => {
  const names = new Set(migrations.flatMap(({ name }) => engines.map((engine) => `${name}.${engine}.sql`)));
  t.deepEqual(
    (await readdir(RECORDS)).filter((name) => !names.has(name)),
    [],
  );
});
