import { readdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createStore, Database, type Store } from "@larder/storage";
import test from "ava";
import { raw, sql } from "../dist/sql.js";
import { accountIn, item, message, temporaryDirectory, temporaryStore } from "./support.js";

const SECRET = "zwetschgendatschi";

/** Every file of the database, as it lies on the disk. */
async function filesHold(file: string, word: string): Promise<string[]> {
  const directory = dirname(file);
  const found: string[] = [];
  for (const name of await readdir(directory)) {
    const bytes = await readFile(`${directory}/${name}`);
    if (bytes.includes(word)) found.push(name);
  }
  return found;
}

test("after an item is removed, overwritten or its node goes, no byte of its text is left in any file", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  const { database } = await Database.open({ url: `sqlite:${file}` });
  const store = createStore(database);
  const accountId = await accountIn(store);
  const node = await store.nodes.ensure({ accountId, service: "s", node: "n" });
  const other = await store.nodes.ensure({ accountId, service: "s", node: "other" });
  const secret = (id: string) => ({
    ...item(id, { title: SECRET }, `${SECRET} and more`),
    xml: `<item>${SECRET}</item>`,
  });
  await store.items.storeLive(node.id, 0, [
    secret("a"),
    secret("b"),
    item("stays", { title: "plain" }, "plain words"),
  ]);
  await store.items.storeLive(other.id, 0, [secret("c")]);
  t.is((await store.itemSearch.search({ fts: SECRET, limit: 9 })).items.length, 3);
  t.not((await filesHold(file, SECRET)).length, 0, "the test can find it while it is there");

  await store.items.remove(node.id, ["a"]);
  await store.items.storeLive(node.id, 0, [item("b", { title: "corrected" }, "corrected")]);
  await store.nodes.remove(other.id);
  t.is((await store.itemSearch.search({ fts: SECRET, limit: 9 })).items.length, 0);
  await database.close(); // checkpoints the write-ahead log
  t.deepEqual(await filesHold(file, SECRET), []);
});

for (const [what, remove] of [
  ["a node is purged", (store: Store, nodeId: number) => store.items.clear(nodeId)],
  ["a node is deleted", (store: Store, nodeId: number) => store.nodes.remove(nodeId)],
  [
    "its items have vanished",
    (store: Store, nodeId: number) =>
      store.items.remove(
        nodeId,
        Array.from({ length: 120 }, (_, number) => `i${number}`),
      ),
  ],
  [
    "its older items are over a limit",
    (store: Store, nodeId: number) => store.itemCare.trim(nodeId, { items: 1 }),
  ],
  [
    "a synchronisation finds nothing of it any more",
    async (store: Store, nodeId: number) =>
      store.items.finishGeneration(nodeId, await store.nodes.beginGeneration(nodeId)),
  ],
] as const) {
  test(`after ${what} that was most of the index, no byte of its items is left, and others are found as before`, async (t) => {
    const file = `${await temporaryDirectory(t)}/larder.db`;
    const { database } = await Database.open({ url: `sqlite:${file}` });
    const store = createStore(database);
    const accountId = await accountIn(store);
    const node = await store.nodes.ensure({ accountId, service: "s", node: "n" });
    const other = await store.nodes.ensure({ accountId, service: "s", node: "other" });
    const items = Array.from({ length: 120 }, (_, number) =>
      item(`i${number}`, { title: SECRET }, `${SECRET} number${number}`),
    );
    await store.items.storeLive(other.id, 0, [item("stays", { title: "plain" }, "number7 stays")]);
    for (let start = 0; start < items.length; start += 40)
      await store.items.storeLive(node.id, 0, items.slice(start, start + 40));
    await store.items.storeLive(node.id, 0, [item("newest", { title: "plain" }, "newest")]);

    await remove(store, node.id);

    const idsOf = async (fts: string) =>
      (await store.itemSearch.search({ fts, limit: 9 })).items.map(({ itemId }) => itemId);
    t.deepEqual(await idsOf(SECRET), []);
    t.deepEqual(await idsOf("number7"), ["stays"]);
    await store.items.remove(other.id, ["stays"]);
    await store.database.read(async ({ executor }) => {
      const found = await executor.first<{ v: number }>(
        sql`SELECT v FROM pubsub_item_text_index_config WHERE k = 'secure-delete'`,
      );
      t.is(found?.v, 1, "a single removal overwrites words as before");
    });
    await database.close();
    t.deepEqual(await filesHold(file, SECRET), []);
    t.deepEqual(await filesHold(file, "number7"), []);
  });
}

test("after a node is purged whose items came one by one, no byte of their many words is left", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  const { database } = await Database.open({ url: `sqlite:${file}` });
  const store = createStore(database);
  const node = await store.nodes.ensure({ accountId: await accountIn(store), service: "s", node: "n" });
  for (let number = 0; number < 200; number++) {
    const others = Array.from({ length: 200 }, (_, place) => `w${(number * 7919 + place * place) % 9973}`);
    const words = `q${number}${SECRET} ${others.join(" ")}`;
    await store.items.storeLive(node.id, 0, [item(`i${number}`, { title: "plain" }, words)]);
  }
  await store.items.clear(node.id);
  await database.close();
  t.deepEqual(await filesHold(file, SECRET), []);
});

test("after an account is removed, no byte of its messages and events is left in any file", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  const { database } = await Database.open({ url: `sqlite:${file}` });
  const store = createStore(database);
  const accountId = await accountIn(store);
  // So many that they leave the index at once.
  await store.database.write(async () => {
    for (let number = 0; number < 60; number++)
      await store.messages.insert(
        message(accountId, `${SECRET} for tea`, { raw: `<message>${SECRET}</message>` }),
      );
    await store.messages.insert(message(await accountIn(store, "bob@larder.test"), "stays"));
  });
  const bob = (await store.accounts.get("bob@larder.test"))?.id;
  await store.database.write(async (unit) => {
    await unit.log("ps_event", accountId, {
      event: "items",
      items: [{ id: "x", xml: `<item>${SECRET}</item>` }],
    });
    await unit.log("ps_event", bob, { event: "purge" });
  });
  const before = await store.events.newest();
  t.is((await store.messages.history({ search: SECRET, limit: 90 })).messages.length, 60);
  await store.accounts.remove(accountId, { keepData: false });
  const { events } = await store.events.since(await store.events.oldest(), { limit: 9 });
  t.deepEqual(
    events.map(({ data }) => data.event),
    ["purge"],
    "another account's events stay",
  );
  t.is(await store.events.newest(), before, "and cursors stay what they were");
  t.is((await store.messages.history({ search: "stays", limit: 9 })).messages.length, 1);
  await database.close();
  t.deepEqual(await filesHold(file, SECRET), []);
});

test("after a corrected message is retracted, no byte of what it ever said is left in any file", async (t) => {
  const file = `${await temporaryDirectory(t)}/larder.db`;
  const { database } = await Database.open({ url: `sqlite:${file}` });
  const store = createStore(database);
  const said = await store.messages.insert(
    message(await accountIn(store), `the ${SECRET}`, { raw: `<message>${SECRET}</message>` }),
  );
  await store.messages.correct(said.id, {
    bodies: [{ lang: "", text: `two ${SECRET}` }],
    subjects: [{ lang: "de", text: SECRET }],
    timestamp: new Date(),
    raw: `<message>two ${SECRET}</message>`,
  });
  t.is((await store.messages.history({ search: SECRET, limit: 9 })).messages.length, 1);
  await store.messages.retract(said.id, new Date());
  t.is((await store.messages.history({ search: SECRET, limit: 9 })).messages.length, 0);
  await database.close();
  t.deepEqual(await filesHold(file, SECRET), []);
});

/** Where PostgreSQL shows the word: rows of any table with all their columns, or the planner's samples of them. */
async function tablesShow(database: Database, word: string): Promise<string[]> {
  return database.read(async ({ executor }) => {
    const tables = await executor.all<{ name: string }>(
      sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
    );
    const found: string[] = [];
    for (const { name } of [...tables, { name: "pg_stats" }]) {
      const shown = await executor.first(
        sql`SELECT 1 AS one FROM ${raw(name)} AS t WHERE t::text LIKE ${`%${word}%`} LIMIT 1`,
      );
      if (shown) found.push(name);
    }
    return found.sort();
  });
}

test("on PostgreSQL no table and no statistic shows what was retracted or removed, once vacuumed", async (t) => {
  const store = await temporaryStore(t, "postgres");
  const { database } = store;
  const accountId = await accountIn(store);
  const node = await store.nodes.ensure({ accountId, service: "s", node: "n" });
  const secret = { ...item("a", { title: SECRET }, `${SECRET} and more`), xml: `<item>${SECRET}</item>` };
  await store.items.storeLive(node.id, 0, [secret, item("stays", { title: "plain" }, "plain words")]);
  const said = { raw: `<message>${SECRET}</message>` };
  const retracted = await store.messages.insert(message(accountId, `${SECRET} for tea`, said));
  // PostgreSQL does not look again at a table that has become empty.
  await store.messages.insert(message(accountId, "stays"));
  await database.write((unit) => unit.log("ps_event", accountId, { event: "purge" }));
  const bob = await accountIn(store, "bob@larder.test");
  await store.messages.insert(message(bob, `${SECRET} again`, said));
  await database.write((unit) => unit.log("ps_event", bob, { event: "items", word: SECRET }));
  await database.vacuum();
  const before = await tablesShow(database, SECRET);
  for (const place of ["event_log", "message", "message_text", "pg_stats", "pubsub_item"])
    t.true(before.includes(place), `the test can see it in ${place} while it is there`);

  await store.items.remove(node.id, ["a"]);
  await store.messages.retract(retracted.id, new Date());
  await store.accounts.remove(bob, { keepData: false });
  await database.vacuum();
  t.deepEqual(await tablesShow(database, SECRET), []);
  t.is((await store.itemSearch.search({ fts: SECRET, limit: 9 })).items.length, 0);
  t.is((await store.messages.history({ search: SECRET, limit: 9 })).messages.length, 0);
});
