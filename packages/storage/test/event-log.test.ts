import sql from "sql-template-tag";
import { accountIn, onEachEngine, temporaryStore } from "./support.js";

onEachEngine(
  "events come back after a cursor, once each, in the order of their commits",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const start = await store.events.newest();
    for (let n = 0; n < 5; n++)
      await store.database.write((unit) => unit.log("message_new", undefined, { n }));
    const first = await store.events.since(start, { limit: 3 });
    t.deepEqual(
      first.events.map((event) => event.data.n),
      [0, 1, 2],
    );
    t.true(first.more);
    const rest = await store.events.since(first.cursor, { limit: 3 });
    t.deepEqual(
      rest.events.map((event) => event.data.n),
      [3, 4],
    );
    t.false(rest.more);
    t.deepEqual((await store.events.since(rest.cursor, { limit: 3 })).events, []);
  },
);

onEachEngine("an event of a unit of work that failed is not in the log", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const start = await store.events.newest();
  await t.throwsAsync(
    store.database.write(async (unit) => {
      await unit.log("message_new", undefined, {});
      throw new Error("no");
    }),
  );
  t.deepEqual((await store.events.since(start, { limit: 3 })).events, []);
});

onEachEngine(
  "a filter leaves out other signals and accounts, and its cursor still goes past them",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const accountId = await accountIn(store);
    const start = await store.events.newest();
    await store.database.write(async (unit) => {
      await unit.log("message_new", accountId, {});
      await unit.log("ps_event", accountId, {});
      await unit.log("ps_event", undefined, {});
    });
    const found = await store.events.since(start, {
      limit: 10,
      signals: ["ps_event"],
      accountIds: [accountId],
    });
    t.is(found.events.length, 1);
    t.is(found.cursor, await store.events.newest());
  },
);

onEachEngine(
  "a cursor of another log, from the future or too old is refused, never answered with a gap",
  async (t, engine) => {
    const store = await temporaryStore(t, engine);
    const start = await store.events.newest();
    await store.database.write((unit) => unit.log("message_new", undefined, {}));
    const newest = await store.events.newest();
    const refused = async (cursor: string, why: RegExp) => {
      const error = await t.throwsAsync(store.events.since(cursor, { limit: 1 }));
      t.regex(String(error?.message), why);
    };
    await refused(newest.replace(/^.{8}/, "00000000"), /another event log/);
    await refused("nonsense", /another event log/);
    await refused(newest.replace(/\d+$/, "99"), /future/);
    t.is(await store.events.prune({ before: new Date(Date.now() + 1000) }), 1);
    await refused(start, /too old/);
    t.is(await store.events.newest(), newest, "a full prune does not start the numbers anew");
    t.is(await store.events.oldest(), newest);
    await store.database.write((unit) => unit.log("message_new", undefined, { after: true }));
    t.deepEqual(
      (await store.events.since(newest, { limit: 9 })).events.map((event) => event.data),
      [{ after: true }],
    );
  },
);

onEachEngine("one event of a wrong clock takes no younger ones along when old ones go", async (t, engine) => {
  const store = await temporaryStore(t, engine);
  const start = await store.events.newest();
  for (let n = 0; n < 4; n++) await store.database.write((unit) => unit.log("message_new", undefined, { n }));
  const third = (await store.events.since(start, { limit: 3 })).cursor.split("-")[1];
  await store.database.write(({ executor }) =>
    executor.run(sql`UPDATE event_log SET created_at = 5 WHERE seq = ${Number(third)}`),
  );
  t.is(await store.events.prune({ before: new Date(Date.now() - 1_000_000) }), 0);
  t.is((await store.events.since(start, { limit: 9 })).events.length, 4);
  t.is(await store.events.prune({ before: new Date(Date.now() + 1_000_000) }), 4);
});
