import { AsyncLocalStorage } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import sql, { raw } from "sql-template-tag";
import { accountIn, message, onEachEngine, temporaryStore } from "./support.js";

const keep = (key: string) => sql`INSERT INTO setting (key, value) VALUES (${key}, 'x')`;

onEachEngine("of statements that run side by side none is kept where one fails", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  await t.throwsAsync(
    database.write(({ executor }) =>
      Promise.all([
        executor.run(sql`SELECT * FROM no_such_table`),
        executor.run(keep("left 1")),
        executor.run(keep("left 2")),
        executor.run(keep("left 3")),
      ]),
    ),
  );
  await database.write(({ executor }) => executor.run(keep("next")));
  t.deepEqual(
    (await database.models.Setting.findAll()).map(({ key }) => key).filter((key) => !key.includes(".")),
    ["next"],
  );
});

onEachEngine("what still runs of a unit that failed writes nothing into a later one", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  const { database } = store;
  let rest: Promise<PromiseSettledResult<unknown>[]> | undefined;
  await t.throwsAsync(
    database.write(async ({ executor }) => {
      const slow = async () => {
        await new Promise((resolve) => setImmediate(resolve));
        await executor.run(keep("left"));
      };
      const nested = store.messages.insert(message(accountId, "left"));
      rest = Promise.allSettled([slow(), nested]);
      throw new Error("no");
    }),
  );
  const later = database.write(async ({ executor }) => {
    await rest;
    await executor.run(keep("next"));
  });
  await later;
  t.is(await database.models.Setting.count({ where: { key: "left" } }), 0);
  t.is(await store.messages.count(), 0);
  t.deepEqual(
    (await rest)?.map(({ status }) => status),
    ["rejected", "rejected"],
  );
});

onEachEngine("a statement that nobody waited for ends with its unit", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  for (let n = 0; n < 5; n++) {
    await t.throwsAsync(
      database.write(async ({ executor }) => {
        // Another text each time: what a connection has prepared already would overtake it.
        void executor.run(sql`INSERT INTO setting (key, value) VALUES (${`left ${n}`}, ${raw(`'${n}'`)})`);
        await Promise.resolve();
        await Promise.resolve();
        throw new Error("no");
      }),
      { message: "no" },
    );
  }
  const left = await database.models.Setting.findAll();
  t.deepEqual(
    left.map(({ key }) => key).filter((key) => key.startsWith("left")),
    [],
  );
});

onEachEngine("a unit that goes on after a statement failed is refused, not half kept", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  const half = () =>
    database.write(async ({ executor }) => {
      await executor.run(keep("half"));
      await executor.run(sql`SELECT * FROM no_such_table`).catch(() => {});
    });
  await t.throwsAsync(half(), { name: "StorageError" });
  const together = await Promise.allSettled([
    half(),
    database.write(({ executor }) => executor.run(keep("neighbour"))),
  ]);
  t.deepEqual(
    together.map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
  t.is(await database.models.Setting.count({ where: { key: "half" } }), 0);
});

onEachEngine("a file that is missing is the caller's own error, told at once", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  let runs = 0;
  const work = async () => {
    runs++;
    await readFile("/nowhere/at/all");
  };
  t.like(await t.throwsAsync(database.write(work)), { code: "ENOENT" });
  t.like(await t.throwsAsync(database.read(work)), { code: "ENOENT" });
  t.is(runs, 2);
});

onEachEngine("reads within reads do not wait for each other", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const counts = await Promise.all(
    Array.from({ length: 20 }, () => store.database.read(() => store.messages.count())),
  );
  t.deepEqual(new Set(counts), new Set([0]));
});

onEachEngine("vacuuming and closing inside a unit of work are refused", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  await t.throwsAsync(
    database.write(() => database.vacuum()),
    { name: "StorageError" },
  );
  await t.throwsAsync(
    database.write(() => database.close()),
    { name: "StorageError" },
  );
  await database.vacuum();
});

onEachEngine("units that wait together each run in the context of their caller", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  const caller = new AsyncLocalStorage<number>();
  const seen = await Promise.all(
    Array.from({ length: 5 }, (_, n) =>
      caller.run(n, () => database.write(async () => [n, caller.getStore()] as const)),
    ),
  );
  for (const [called, ran] of seen) t.is(ran, called);
});

onEachEngine("a commit listener sees what was committed, whoever wrote it where", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  const read = () =>
    database.read(({ executor }) => executor.first(sql`SELECT 1 AS one FROM setting WHERE key = 'new'`));
  const told = new Promise((resolve) => database.onCommit(() => resolve(read())));
  await database.read(async ({ executor }) => {
    await executor.first(sql`SELECT 1 AS one FROM setting`);
    await database.write((unit) => unit.executor.run(keep("new")));
    t.deepEqual(await told, { one: 1 });
    t.is(await read(), undefined, "a read within a read has its view");
  });
});
