import test from "ava";
import sql from "sql-template-tag";
import { accountIn, gate, message, onEachEngine, temporaryStore } from "./support.js";

onEachEngine(
  "a unit of work that throws leaves nothing behind, and its neighbours in the same commit stay",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const results = await Promise.allSettled(
      Array.from({ length: 9 }, (_, index) =>
        store.database.write(async () => {
          await store.messages.insert(message(accountId, `number ${index}`));
          if (index % 3 === 1) throw new Error(`refused ${index}`);
        }),
      ),
    );
    t.deepEqual(
      results.map((result) => result.status),
      [
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
        "rejected",
        "fulfilled",
      ],
    );
    t.is(
      (results[1] as PromiseRejectedResult).reason.message,
      "refused 1",
      "an error of the caller's own stays what it is",
    );
    const { messages } = await store.messages.history({ limit: 50 });
    t.deepEqual(messages.map((found) => found.bodies[0]?.text).sort(), [
      "number 0",
      "number 2",
      "number 3",
      "number 5",
      "number 6",
      "number 8",
    ]);
  },
);

onEachEngine("a unit inside a unit joins it: both are kept or neither", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  await t.throwsAsync(
    store.database.write(async () => {
      await store.messages.insert(message(accountId, "lost"));
      const { messages } = await store.messages.history({ limit: 5 });
      t.is(messages.length, 1, "a read inside sees what the unit has written");
      throw new Error("no");
    }),
  );
  t.is(await store.messages.count(), 0);
});

onEachEngine("what a unit left running after its end writes in a unit of its own", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  let later: Promise<unknown> = Promise.resolve();
  await store.database.write(async () => {
    later = new Promise((resolve) => setImmediate(resolve)).then(() =>
      store.messages.insert(message(accountId, "later")),
    );
  });
  await later;
  t.is(await store.messages.count(), 1);
});

onEachEngine("200 writers at once all succeed", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => store.messages.insert(message(accountId, `n${index}`))),
  );
  t.is(await store.messages.count(), 200);
});

test("sqlite: units that wait together share commits", async (t) => {
  const store = await temporaryStore(t);
  const accountId = await accountIn(store);
  let commits = 0;
  store.database.onCommit(() => commits++);
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => store.messages.insert(message(accountId, `n${index}`))),
  );
  t.true(commits < 20, `${commits} commits for 200 units`);
});

onEachEngine("a read does not wait for a unit of work that is still open, nor see it", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  const [begun, end] = [gate(), gate()];
  const writing = store.database.write(async () => {
    await store.messages.insert(message(accountId, "not yet"));
    begun.open();
    await end.opened;
  });
  await begun.opened;
  t.is(await store.messages.count(), 0);
  end.open();
  await writing;
  t.is(await store.messages.count(), 1);
});

onEachEngine("a statement outside any unit is no part of one that is open", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const accountId = await accountIn(store);
  await t.throwsAsync(
    store.database.write(async () => {
      await store.messages.insert(message(accountId, "undone"));
      t.is(await store.database.models.Message.count(), 0);
      throw new Error("no");
    }),
  );
  await store.database.models.Setting.create({ key: "outside", value: "kept" });
  t.is(await store.database.models.Setting.count({ where: { key: "outside" } }), 1);
});

onEachEngine("50 units that read and then write one row at once lose no update", async (t, engine) => {
  const { database } = await temporaryStore(t, engine);
  await database.write(({ executor }) =>
    executor.run(sql`INSERT INTO setting (key, value) VALUES ('n', '0')`),
  );
  await Promise.all(
    Array.from({ length: 50 }, () =>
      database.write(async ({ executor }) => {
        const row = await executor.first<{ value: string }>(sql`SELECT value FROM setting WHERE key = 'n'`);
        await executor.run(sql`UPDATE setting SET value = ${String(Number(row?.value) + 1)} WHERE key = 'n'`);
      }),
    ),
  );
  const counted = await database.models.Setting.findOne({ where: { key: "n" } });
  t.is(counted?.value, "50");
});

onEachEngine(
  "two units that look for a row and make it where it is missing make it once",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const keepOnce = () =>
      store.database.write(async () => {
        const known = await store.messages.findByOriginId(
          accountId,
          "bob@larder.test",
          "bob@larder.test",
          "o1",
        );
        if (!known) await store.messages.insert(message(accountId, "once", { originId: "o1" }));
      });
    await Promise.all(Array.from({ length: 10 }, keepOnce));
    t.is(await store.messages.count(), 1);
  },
);
