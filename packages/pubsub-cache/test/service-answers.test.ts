import type { Analyser } from "@larder/pubsub-cache";
import test from "ava";
import { analyser, type World, world } from "./support.js";

const fields = ({ items }: Awaited<ReturnType<World["cache"]["getItems"]>>) =>
  items.map(({ id, created, updated, publisher, parsed, parseError }) => ({
    id,
    created,
    updated,
    publisher,
    parsed,
    parseError,
  }));

for (const paging of ["rsm", "none", "ejabberd"] as const)
  for (const request of [{}, { maxItems: 3 }, { itemIds: ["i1", "i3"] }, { rsm: { max: 4 } }]) {
    test(`a service that pages by ${paging} and the cache give the same fields for ${JSON.stringify(request)}`, async (t) => {
      const w = await world(t, { paging }, 5);
      const wanted = { ...w.address, ...request };
      const first = await w.cache.getItems(w.account, wanted, { useCache: false });
      t.is(first.source, "service");
      t.deepEqual(first.items[0]?.parsed, { title: `text of ${first.items[0]?.id}` });
      const again = await w.cache.getItems(w.account, wanted);
      t.is(again.source, "service");
      t.deepEqual(fields(again), fields(first));
      await w.cache.idle();
      const cached = await w.cache.getItems(w.account, wanted);
      t.is(cached.source, "cache");
      t.deepEqual(fields(cached), fields(first));
      t.deepEqual(fields(await w.cache.getItems(w.account, wanted, { useCache: false })), fields(first));
    });
  }

test("an item that has changed at its service keeps its time of creation", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  const [before] = (await w.cache.getCached(w.account, w.address)).items;
  w.service.publish("i0", "other");
  const [now] = (await w.cache.getItems(w.account, w.address, { useCache: false })).items;
  t.deepEqual(now?.created, before?.created);
  t.deepEqual(now?.parsed, { title: "other" });
});

test("what a parser refuses comes from a service with the error, too", async (t) => {
  const pool = {
    parse: async (_parser: unknown, batch: readonly unknown[]) =>
      batch.map(() => ({ ok: false as const, error: "no title" })),
  };
  const w = await world(t, {}, 1, { pool });
  const [item] = (await w.cache.getItems(w.account, w.address)).items;
  t.is(item?.parseError, "no title");
});

test("an odd item, first or last, does not decide what a node holds", async (t) => {
  const other: Analyser = { name: "other", type: "other", namespace: "urn:example:other", toSync: true };
  const w = await world(t, { paging: "none" }, 0, { analysers: [other, analyser] });
  w.service.behaviour = { ...w.service.behaviour, oddIds: ["i0"] };
  for (const id of ["i0", "i1", "i2", "i3"]) w.service.publish(id);
  t.is((await w.cache.sync(w.account, w.address)).analyser, "example");
});

test("a node that an odd item has named is named by the others when it is read again", async (t) => {
  const other: Analyser = { name: "other", type: "other", namespace: "urn:example:other", toSync: true };
  const w = await world(t, { paging: "none", oddIds: ["i0"] }, 1, { analysers: [other, analyser] });
  t.is((await w.cache.sync(w.account, w.address)).analyser, "other");
  for (const id of ["i1", "i2"]) w.service.publish(id);
  t.is((await w.cache.sync(w.account, w.address)).analyser, "example");
  const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i1"] });
  t.deepEqual(items[0]?.parsed, { title: "text of i1" });
  t.deepEqual(await w.told(), []);
});

test("the first item of a node that our caps ask for is told once, with the times that it has from then on", async (t) => {
  const avatars: Analyser = { ...analyser, node: "feed", notify: true };
  const w = await world(t, { account: "alice@larder.test" }, 0, { analysers: [avatars] });
  const own = { service: w.account.jid, node: "feed" };
  w.service.publish("a");
  t.true(await w.event(`<items node="feed">${w.service.notifiedXml("a")}</items>`, w.account.jid));
  const node = await w.store.nodes.find({ accountId: w.account.id, ...own });
  const [stored] = await w.store.items.byIds(node?.id ?? 0, ["a"]);
  t.deepEqual(stored?.parsed, { title: "text of a" });
  await w.cache.idle();
  await w.event(`<items node="feed">${w.service.notifiedXml("a")}</items>`, w.account.jid);
  t.deepEqual(await w.told(), ["live items a"]);
  const { items } = await w.cache.getCached(w.account, own);
  t.deepEqual([items[0]?.created, items[0]?.updated], [stored?.created, stored?.updated]);
});
