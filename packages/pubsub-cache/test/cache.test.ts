import { NotConnectedError, NotFoundError, StanzaError } from "@larder/core";
import test from "ava";
import { gate, idsOf, world } from "./support.js";

test("the first read comes from the service, the next from the cache, with the same items", async (t) => {
  const { cache, account, address } = await world(t, {}, 5);
  const first = await cache.getItems(account, address);
  t.is(first.source, "service");
  await cache.idle();
  const second = await cache.getItems(account, address);
  t.is(second.source, "cache");
  t.deepEqual(idsOf(second), idsOf(first));
  t.deepEqual(
    second.items.map(({ xml }) => xml),
    first.items.map(({ xml }) => xml),
  );
  t.deepEqual(second.items[0]?.parsed, { title: "text of i0" });
});

test("a node is subscribed to before its first page is asked for", async (t) => {
  const { cache, account, address, service } = await world(t, {}, 1);
  await cache.sync(account, address);
  const asked = service.asked.filter((what) => what === "subscribe" || what === "items");
  t.deepEqual(asked.slice(0, 2), ["subscribe", "items"]);
});

test("a node that no analyser wants is read and not kept", async (t) => {
  const { cache, account, address, state } = await world(t, { namespace: "urn:other" }, 2);
  t.is((await cache.getItems(account, address)).items.length, 2);
  await cache.idle();
  t.is(await state(), undefined);
  await t.throwsAsync(cache.getCached(account, address), { instanceOf: NotFoundError });
});

test("useCache false asks the service, and starts nothing", async (t) => {
  const { cache, account, address, state } = await world(t, {}, 2);
  t.is((await cache.getItems(account, address, { useCache: false })).source, "service");
  await cache.idle();
  t.is(await state(), undefined);
});

test("offline, a kept node is answered and marked stale, any other is not_connected", async (t) => {
  const { cache, account, address } = await world(t, {}, 2);
  account.connected = false;
  await t.throwsAsync(cache.getItems(account, address), { instanceOf: NotConnectedError });
  await t.throwsAsync(cache.sync(account, address), { instanceOf: NotConnectedError });
  account.connected = true;
  await cache.sync(account, address);
  account.connected = false;
  t.like(await cache.getItems(account, address), { source: "cache", stale: true });
});

for (const [what, behaviour] of [
  ["a service that pages", {}],
  ["a service that ignores RSM", { paging: "none" }],
  ["a service with ejabberd's ids and indexes", { paging: "ejabberd" }],
  ["a service that gives less than is asked for", { cap: 7 }],
  ["a service that says nothing of the number", { cap: 7, count: () => undefined }],
  ["a service that says too few", { cap: 60, count: () => 3 }],
  ["a service that says too many", { count: (real: number) => real + 1000 }],
  ["a service that repeats its last page for ever", { cap: 60, repeatsLastPage: true }],
] as const) {
  test(`${what} is kept whole and in order`, async (t) => {
    const { cache, account, address, cached, service } = await world(t, behaviour, 333);
    const node = await cache.sync(account, address);
    t.like(node, { state: "synced", items: 333, subscribed: true });
    t.deepEqual(await cached(), service.ids);
  });
}

test("an id that a service repeats is one item", async (t) => {
  const { cache, account, address, cached, service } = await world(t, { paging: "none" }, 3);
  service.items.push({ id: "i1", text: "again", serial: 99 });
  await cache.sync(account, address);
  t.deepEqual([...(await cached())].sort(), ["i0", "i1", "i2"]);
});

test("an empty node is kept as empty, and known by the first item that comes", async (t) => {
  const { cache, account, address, cached, service, event, store } = await world(t);
  t.like(await cache.sync(account, address), { state: "synced", items: 0 });
  t.deepEqual(await cached(), []);
  await event(`<items node="feed">${service.itemXml("a")}</items>`);
  t.deepEqual((await cache.getCached(account, address)).items[0]?.parsed, { title: "text of a" });
  t.is((await store.nodes.find({ accountId: account.id, ...address }))?.type, "example");
});

test("a synchronisation that fails midway leaves what was there, as stale, and can be repeated", async (t) => {
  const { cache, account, address, cached, state, service } = await world(t, { cap: 50 }, 120);
  await cache.sync(account, address);
  const old = service.ids;
  service.retract("i0");
  service.publish("new");
  const first = service.asked.filter((what) => what === "items").length;
  service.before = (what, times) => {
    if (what === "items" && times === first + 3) throw new StanzaError("internal-server-error");
  };
  await t.throwsAsync(cache.sync(account, address), { instanceOf: StanzaError });
  t.is(await state(), "stale");
  t.deepEqual(await cached(), old);
  service.before = () => {};
  await cache.sync(account, address);
  t.deepEqual(await cached(), service.ids);
});

test("while a service does not answer, readers have the older items", async (t) => {
  const { cache, account, address, cached, service } = await world(t, {}, 3);
  await cache.sync(account, address);
  const never = gate();
  const asked = gate();
  service.before = async () => {
    asked.open();
    await never.opened;
  };
  const run = cache.sync(account, address);
  await asked.opened;
  t.deepEqual(await cached(), ["i0", "i1", "i2"]);
  t.is((await cache.getItems(account, address)).source, "cache");
  never.open();
  await run;
});

test("who asks for a synchronisation that runs joins it", async (t) => {
  const { cache, account, address, service } = await world(t, {}, 3);
  await Promise.all([cache.sync(account, address), cache.sync(account, address)]);
  t.is(service.asked.filter((what) => what === "subscribe").length, 1);
});

test("a first synchronisation cut short by the connection goes on with the next session", async (t) => {
  const { cache, account, address, cached, state, service } = await world(t, { cap: 50 }, 120);
  service.before = (what, times) => {
    if (what === "items" && times === 2) throw new NotConnectedError(account.jid);
  };
  await t.throwsAsync(cache.sync(account, address), { instanceOf: NotConnectedError });
  t.is(await state(), "error");
  service.before = () => {};
  await cache.sessionStarted(account);
  await cache.idle();
  t.deepEqual(await cached(), service.ids);
});

test("a session that is new makes kept nodes stale, and tells one by one what was missed", async (t) => {
  const { cache, account, address, cached, state, service, told } = await world(t, {}, 4);
  await cache.sync(account, address);
  t.deepEqual(await told(), [], "a first synchronisation is told by progress alone");
  service.retract("i1");
  service.publish("i2", "changed");
  service.publish("new");
  await cache.sessionStarted(account);
  await cache.idle();
  t.is(await state(), "synced");
  t.deepEqual(await cached(), service.ids);
  t.deepEqual(await told(), ["catchup items i2 new", "catchup retract i1"]);
});

test("a node that was never there is not kept; its failure is told", async (t) => {
  const { cache, account, address, state, service } = await world(t);
  service.exists = false;
  await t.throwsAsync(cache.sync(account, address), { message: /item-not-found/ });
  t.is(await state(), undefined);
});

test("one item-not-found keeps the node, a second a while later drops it", async (t) => {
  const { cache, account, address, cached, store, service, told } = await world(t, {}, 2);
  const { id } = await cache.sync(account, address);
  service.exists = false;
  await t.throwsAsync(cache.sync(account, address));
  await t.throwsAsync(cache.sync(account, address));
  t.deepEqual(await cached(), ["i0", "i1"], "two answers at once may be the same passing fault");
  const { lastError } = (await store.nodes.get(id)) ?? {};
  await store.nodes.update(id, { lastError: { ...lastError, since: Date.now() - 61_000 } });
  await t.throwsAsync(cache.sync(account, address));
  await t.throwsAsync(cached(), { instanceOf: NotFoundError });
  t.deepEqual(await told(), ["catchup delete"]);
  service.exists = true;
  service.asked.length = 0;
  await cache.sync(account, address);
  t.is(service.asked[0], "subscribe", "the subscription went with the node");
});

test("a node that nobody may subscribe to is answered from the cache for a while, then read again", async (t) => {
  const { cache, account, address, cached, store, service } = await world(
    t,
    { refusesSubscriptions: true },
    2,
  );
  const { id } = await cache.sync(account, address);
  t.is((await cache.getItems(account, address)).source, "cache");
  service.publish("new");
  await store.nodes.update(id, { lastCheck: new Date(Date.now() - 300_001) });
  const answer = await cache.getItems(account, address);
  t.is(answer.source, "service");
  t.true(idsOf(answer).includes("new"));
  await cache.idle();
  t.deepEqual(await cached(), service.ids);
});

test("a database that is closed during background work is reported, and nothing else breaks", async (t) => {
  const { cache, account, address, failures, store, service } = await world(t, { cap: 50 }, 200);
  const closed = gate();
  service.before = async (what, times) => {
    if (what === "items" && times === 3) {
      await store.database.close();
      closed.open();
    }
  };
  await cache.getItems(account, address, {});
  await closed.opened;
  await cache.idle();
  t.is(failures.length, 1);
  t.like(failures[0], { type: "storage" });
});

test("items whose ids are too long to be kept are left out and told, and the rest goes on", async (t) => {
  const { cache, account, address, cached, service, event, told } = await world(t, {}, 2);
  const dropped: unknown[] = [];
  cache.on("dropped", (what) => dropped.push(what));
  const long = "x".repeat(801);
  service.publish(long);
  service.publish("last");
  await cache.sync(account, address);
  t.deepEqual(await cached(), ["i0", "i1", "last"]);
  const here = { account: account.jid, ...address };
  t.deepEqual(dropped.splice(0), [{ ...here, items: 1 }]);
  await event(`<items node="feed">${service.itemXml(long)}${service.itemXml("live")}</items>`);
  await event(`<items node="feed">${service.itemXml(long)}</items>`);
  t.deepEqual(await cached(), ["i0", "i1", "last", "live"]);
  t.deepEqual(await told(), ["live items live"]);
  t.deepEqual(dropped, [
    { ...here, items: 1 },
    { ...here, items: 1 },
  ]);
});

test("a node whose name is too long to be kept is read from its service, and is no error in the background", async (t) => {
  const { cache, account, address, service, failures } = await world(t, {}, 2);
  const node = "n".repeat(801);
  Object.assign(service, { node });
  t.is((await cache.getItems(account, { ...address, node })).items.length, 2);
  await cache.idle();
  t.deepEqual(failures, []);
  await t.throwsAsync(cache.sync(account, { ...address, node }), { name: "KeyTooLongError" });
});
