import test from "ava";
import { idsOf, type World, world } from "./support.js";

const LONG = "x".repeat(1060);

const absence = async ({ cache, account }: World): Promise<void> => {
  await cache.sessionStarted(account);
  await cache.idle();
};

const leftOut = async ({ cache, account, address }: World) => {
  const { complete, leftOut } = await cache.getItems(account, address);
  return { complete, ...leftOut };
};

test("an item with too long an id is said to be missing, and comes from its service where it is asked for", async (t) => {
  const w = await world(t, { paging: "none" }, 3);
  w.service.publish(LONG);
  await w.cache.sync(w.account, w.address);
  t.deepEqual(await w.cached(), ["i0", "i1", "i2"]);
  t.deepEqual(await leftOut(w), { complete: false, tooLongIds: 1, tooLarge: 0 });
  const asked = await w.cache.getItems(w.account, { ...w.address, itemIds: ["i1", LONG] });
  t.deepEqual([asked.source, idsOf(asked)], ["service", ["i1", LONG]]);
  t.is((await w.cache.getItems(w.account, { ...w.address, itemIds: ["i1"] })).source, "cache");
  const { reasons } = await w.cache.explain(w.account, w.address);
  t.true(reasons.some((reason) => reason.includes("ids are too long to be kept")));
});

test("an item with too long an id does not make the node be read again and again, and is forgotten when it goes", async (t) => {
  const w = await world(t, { paging: "none" }, 3);
  w.service.publish(LONG);
  const { lastSync } = await w.cache.sync(w.account, w.address);
  await absence(w);
  const after = await w.store.nodes.find({ accountId: w.account.id, ...w.address });
  t.deepEqual(after?.lastSync, lastSync);
  t.deepEqual(await leftOut(w), { complete: false, tooLongIds: 1, tooLarge: 0 });
  w.service.retract(LONG);
  await w.event(`<items node="feed"><retract id="${LONG}"/></items>`);
  t.deepEqual(await leftOut(w), { complete: true });
  w.service.publish(LONG);
  await w.event(`<items node="feed">${w.service.itemXml(LONG)}</items>`);
  t.deepEqual(await leftOut(w), { complete: false, tooLongIds: 1, tooLarge: 0 });
  w.service.retract(LONG);
  await absence(w);
  t.deepEqual(await leftOut(w), { complete: true });
});

for (const paging of ["none", "rsm", "ejabberd"] as const)
  test(`an item of which no answer can be read is said to be missing at a service that pages by ${paging}`, async (t) => {
    const w = await world(t, { paging, unreadable: ["i1"] }, 3);
    await w.cache.sync(w.account, w.address);
    t.deepEqual(await w.cached(), ["i0", "i2"]);
    t.deepEqual(await leftOut(w), { complete: false, tooLongIds: 0, tooLarge: 1 });
    const { reasons } = await w.cache.explain(w.account, w.address);
    t.true(reasons.some((reason) => reason.includes("nested deeper")));
    for (const request of [{}, { itemIds: ["i0", "i1"] }, { maxItems: 3 }]) {
      const answer = await w.cache.getItems(w.account, { ...w.address, ...request }, { useCache: false });
      t.like(answer, { complete: false, leftOut: { tooLongIds: 0, tooLarge: 1 } });
    }
  });

test("a notification that was over a limit makes the nodes of its service be compared, once in a while", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  w.service.publish("a");
  await w.cache.notificationLost(w.account, "mallory@evil.test");
  await w.cache.idle();
  t.deepEqual(await w.cached(), ["i0", "i1", "i2"]);
  await w.cache.notificationLost(w.account, w.address.service);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
  w.service.asked.length = 0;
  await w.cache.notificationLost(w.account, w.address.service);
  await w.cache.idle();
  t.deepEqual(w.service.asked, []);
});
