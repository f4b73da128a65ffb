import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { checkDatabase, createStore, Database, type Store } from "@larder/storage";
import { startPostgres } from "@larder/testing";
import type { ExecutionContext } from "ava";
import test from "ava";
import { migrations } from "../dist/migrations/index.js";
import { migrate, rollback } from "../dist/migrator.js";
import { openEngine } from "../dist/open-engine.js";
import { sql } from "../dist/sql.js";
import { Child } from "./child.js";
import {
  accountIn,
  type EngineName,
  item,
  message,
  onEachEngine,
  postgres,
  temporaryDirectory,
  temporaryUrl,
} from "./support.js";

const KILLS = process.env.LARDER_SOAK ? 100 : 8;

/** A part of the time given, evenly spread: which moments a test tries differs from run to run. */
const sometime = (within: number) => delay(Math.random() * within);

async function inDatabase<T>(url: string, work: (store: Store) => Promise<T>): Promise<T> {
  const { database } = await Database.open({ url });
  try {
    return await work(createStore(database));
  } finally {
    await database.close();
  }
}

/** How many pairs there are; each is whole, with its event. */
async function wholePairs(t: ExecutionContext, url: string): Promise<number> {
  t.deepEqual(await checkDatabase(url), { problems: [], skipped: [] });
  return inDatabase(url, ({ database }) =>
    database.read(async ({ executor }) => {
      const halves = await executor.all(
        sql`SELECT text, count(*) AS n FROM message_text GROUP BY text HAVING count(*) <> 2`,
      );
      t.deepEqual(halves, [], "no half unit of work");
      const counted = await executor.first<{ pairs: number; events: number }>(
        sql`SELECT (SELECT count(*) FROM message) / 2 AS pairs, (SELECT count(*) FROM event_log) AS events`,
      );
      t.is(Number(counted?.pairs), Number(counted?.events), "what was written was told, and no more");
      return Number(counted?.pairs);
    }),
  );
}

onEachEngine(
  "a process that is killed while writing leaves whole units of work, and all that it was told are kept",
  async (t, engine) => {
    const url = await temporaryUrl(t, engine);
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = Child.start("writer.fixture", [url]);
      await child.told(1);
      await sometime(200);
      await child.kill();
      t.true(child.lines.length > 0, "it was killed while writing");
      acknowledged += child.lines.length;
      const pairs = await wholePairs(t, url);
      t.true(pairs >= acknowledged, `${pairs} pairs kept, ${acknowledged} acknowledged`);
    }
  },
);

test.serial(
  "a PostgreSQL that is killed again and again under a writer loses nothing that was told",
  async (t) => {
    const server = await startPostgres();
    t.teardown(() => server.stop());
    const url = await server.createDatabase();
    const child = Child.start("writer.fixture", [url]);
    t.teardown(() => child.kill());
    for (let kill = 0; kill < KILLS / 2; kill++) {
      await child.told(child.lines.length + 5);
      await sometime(100);
      await server.kill();
      await server.restart();
      await child.told(child.lines.length + 1);
      t.is(child.process.exitCode, null, "it goes on by itself");
    }
    await child.kill();
    const pairs = await wholePairs(t, url);
    t.true(pairs >= child.lines.length, `${pairs} pairs kept, ${child.lines.length} acknowledged`);
  },
);

const MESSAGES = 1500;

/** A database at its first step, with enough in it for the next to take a while; and how to get a copy. */
async function olderDatabase(t: ExecutionContext, engine: EngineName): Promise<() => Promise<string>> {
  const url = await temporaryUrl(t, engine);
  await inDatabase(url, async (store) => {
    const accountId = await accountIn(store);
    const node = await store.nodes.ensure({ accountId, service: "s", node: "n" });
    for (let page = 0; page < 10; page++)
      await store.items.storeLive(
        node.id,
        0,
        Array.from({ length: 100 }, (_, n) => item(`${page}-${n}`, { n }, `words of ${n}`)),
      );
    await store.database.write(async () => {
      for (let n = 0; n < MESSAGES; n++)
        await store.messages.insert(
          message(accountId, `number ${n}`, { subjects: [{ lang: "", text: "s" }] }),
        );
    });
  });
  const [first] = migrations;
  const opened = await openEngine(url);
  await rollback(opened, { to: String(first?.name) });
  await opened.close();
  if (engine === "postgres") return async () => (await postgres()).createDatabase({ template: url });
  return async () => {
    const copy = join(await temporaryDirectory(t), "larder.db");
    await copyFile(url.slice("sqlite:".length), copy);
    return `sqlite:${copy}`;
  };
}

onEachEngine(
  "a process that is killed while migrating leaves a database that the next start migrates, with all that is in it",
  async (t, engine) => {
    const copy = await olderDatabase(t, engine);
    const whole = Child.start("migrator.fixture", [await copy()]);
    await whole.told(1);
    const begun = Date.now();
    await whole.told(2);
    const takes = Date.now() - begun;
    await whole.ended;
    const ends = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const url = await copy();
      const child = Child.start("migrator.fixture", [url]);
      await child.told(1);
      await sometime(takes);
      await child.kill();
      ends.add(child.lines.includes("done") ? "after" : "before the end");
      const { database } = await Database.open({ url });
      t.is(await createStore(database).messages.count(), MESSAGES);
      t.is(await createStore(database).items.count(), 1000);
      await database.close();
      t.deepEqual(await checkDatabase(url), { problems: [], skipped: [] });
      if (engine === "sqlite") await copiesAreWhole(t, url);
    }
    t.true(ends.has("before the end"));
  },
);

/** What lies beside the database under the name of a copy is one. */
async function copiesAreWhole(t: ExecutionContext, url: string): Promise<void> {
  const file = url.slice("sqlite:".length);
  const beside = await readdir(join(file, ".."));
  for (const name of beside.filter((entry) => /\.before-.*\d$/.test(entry))) {
    const { problems } = await checkDatabase(`sqlite:${join(file, "..", name)}`);
    t.deepEqual(problems, [], name);
  }
}

test.serial("a PostgreSQL that is killed while it is migrated is migrated at the next start", async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  for (let kill = 0; kill < KILLS / 4; kill++) {
    const url = await server.createDatabase();
    const [first] = migrations;
    const engine = await openEngine(url);
    await migrate(engine, { migrations: first ? [first] : [] });
    await engine.close();
    const child = Child.start("migrator.fixture", [url]);
    await child.told(1);
    await sometime(300);
    await server.kill();
    await server.restart();
    await child.ended;
    t.true(["done", "StorageError"].includes(String(child.lines[1])), String(child.lines[1]));
    await inDatabase(url, accountIn);
    t.deepEqual(await checkDatabase(url), { problems: [], skipped: [] });
  }
});
