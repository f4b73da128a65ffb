import test from "ava";
import { type World, world } from "./support.js";

const times = async ({ cache, account, address }: World) =>
  (await cache.getCached(account, address)).items.map(({ id, updated, publisher }) => [
    id,
    updated.getTime(),
    publisher,
  ]);

const absence = async ({ cache, account }: World): Promise<void> => {
  await cache.sessionStarted(account);
  await cache.idle();
};

for (const paging of ["rsm", "none", "ejabberd"] as const)
  for (const count of [15, 60]) {
    test(`${count} items in which a service that pages by ${paging} turns attributes round are as they were`, async (t) => {
      const w = await world(t, { paging, shuffles: true }, count);
      await w.cache.sync(w.account, w.address);
      const before = await times(w);
      await absence(w);
      await w.cache.sync(w.account, w.address);
      await w.event(`<items node="feed">${w.service.notifiedXml("i3")}</items>`);
      await absence(w);
      t.deepEqual((await times(w)).sort(), before.sort());
      t.deepEqual(await w.told(), []);
    });
  }

test("what changes beside attributes that are turned round is found and told", async (t) => {
  const w = await world(t, { paging: "none", shuffles: true }, 30);
  await w.cache.sync(w.account, w.address);
  w.service.publish("i7", "other");
  w.service.retract("i8");
  await absence(w);
  t.deepEqual(await w.told(), ["catchup items i7", "catchup retract i8"]);
  t.deepEqual(await w.cached(), w.service.ids);
});

test("a payload without a namespace of its own is told once", async (t) => {
  const w = await world(t, { namespace: "" }, 3);
  await w.cache.sync(w.account, w.address);
  w.service.publish("a");
  await w.event(`<items node="feed">${w.service.itemXml("a")}</items>`);
  await absence(w);
  await w.cache.sync(w.account, w.address);
  t.deepEqual(await w.told(), ["live items a"]);
});

test("what an older version has stored of a notification is no change, and its text stays", async (t) => {
  const w = await world(t, { namespace: "" }, 2);
  await w.cache.sync(w.account, w.address);
  const node = await w.store.nodes.find({ accountId: w.account.id, ...w.address });
  await w.store.items.storeLive(node?.id ?? 0, node?.generation ?? 0, [
    {
      itemId: "i1",
      xml: '<item xmlns="http://jabber.org/protocol/pubsub" id="i1"><entry xmlns="http://jabber.org/protocol/pubsub#event">text of i1</entry></item>',
      text: "",
      parser: "file:///parser.js 1",
    },
  ]);
  const before = await times(w);
  await absence(w);
  await w.cache.sync(w.account, w.address);
  t.deepEqual(await times(w), before);
  t.deepEqual(await w.told(), []);
});

test("a publisher that notifications alone state stays through a synchronisation and an absence", async (t) => {
  const w = await world(t, { publisher: "bob@larder.test" }, 2);
  await w.cache.sync(w.account, w.address);
  w.service.publish("a");
  await w.event(`<items node="feed">${w.service.notifiedXml("a")}</items>`);
  const before = await times(w);
  t.is(before[2]?.[2], "bob@larder.test");
  await w.cache.sync(w.account, w.address);
  await absence(w);
  await w.event(`<items node="feed">${w.service.notifiedXml("a")}</items>`);
  t.deepEqual(await times(w), before);
  t.deepEqual(await w.told(), ["live items a"]);
});

test("a publisher that was not known yet is learnt, and the item stays the same version", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  const before = await times(w);
  w.service.behaviour = { ...w.service.behaviour, publisher: "bob@larder.test" };
  await w.event(`<items node="feed">${w.service.notifiedXml("i1")}</items>`);
  t.deepEqual(await times(w), [before[0], [...(before[1] ?? []).slice(0, 2), "bob@larder.test"]]);
  t.deepEqual(await w.told(), []);
});

test("an item of another publisher is another version", async (t) => {
  const w = await world(t, { publisher: "bob@larder.test" }, 2);
  await w.cache.sync(w.account, w.address);
  await w.event(`<items node="feed">${w.service.notifiedXml("i1")}</items>`);
  w.service.behaviour = { ...w.service.behaviour, publisher: "carol@larder.test" };
  await w.event(`<items node="feed">${w.service.notifiedXml("i1")}</items>`);
  t.deepEqual(await w.told(), ["live items i1"]);
});
