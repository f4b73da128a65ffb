import { StanzaError } from "@larder/core";
import test from "ava";
import { idsOf, type World, world } from "./support.js";

const TELLS_ALL = { "{urn:xmpp:pubsub-caching:0}always-notify": "true" };

const nodeOf = ({ store, account, address }: World) =>
  store.nodes.find({ accountId: account.id, ...address });

/** The time of the next check has come; resolves when it is done. */
async function checked(w: World): Promise<void> {
  const node = await nodeOf(w);
  await w.store.nodes.update(node?.id ?? 0, { nextCheck: new Date(1) });
  const listings = w.service.asked.filter((what) => what === "disco#items").length;
  const listed = new Promise<void>((resolve) => {
    w.service.after = (what, times) => {
      if (what === "disco#items" && times > listings) resolve();
    };
  });
  await w.cache.sessionResumed(w.account);
  const alive = setInterval(() => {}, 1000); // the cache's own timer lets a process end
  w.cache.takeUpWhatIsDue();
  await listed;
  clearInterval(alive);
  await w.cache.idle();
}

test("what a full service drops without a word goes here at the next listing, and what it keeps is learnt", async (t) => {
  const w = await world(t, { paging: "none" }, 18);
  await w.cache.sync(w.account, w.address);
  for (let n = 18; n < 22; n++) {
    w.service.publish(`i${n}`);
    if (w.service.items.length > 20) w.service.items.shift();
    await w.event(`<items node="feed">${w.service.itemXml(`i${n}`)}</items>`);
  }
  t.is((await w.cached()).length, 22);
  const { nextCheck, reasons } = await w.cache.explain(w.account, w.address);
  t.true((nextCheck?.getTime() ?? Infinity) - Date.now() <= 10_000, "soon after live items");
  t.regex(reasons[0] ?? "", /may drop the oldest without a word/);
  await checked(w);
  t.deepEqual(await w.cached(), w.service.ids);
  t.deepEqual((await w.told()).at(-1), "catchup retract i0 i1");
  t.regex((await w.cache.explain(w.account, w.address)).reasons[0] ?? "", /when it has more than 20/);

  w.service.publish("i22");
  w.service.items.shift();
  await w.event(`<items node="feed">${w.service.itemXml("i22")}</items>`);
  t.deepEqual(await w.cached(), w.service.ids, "the next time nobody has to ask");
  t.deepEqual((await w.told()).slice(-2), ["live items i22", "live retract i2"]);
});

test("a limit that was learnt and is raised is found to be none", async (t) => {
  const w = await world(t, { paging: "none" }, 4);
  await w.cache.sync(w.account, w.address);
  const publish = async (id: string, most: number) => {
    w.service.publish(id);
    if (w.service.items.length > most) w.service.items.shift();
    await w.event(`<items node="feed">${w.service.itemXml(id)}</items>`);
  };
  await publish("a", 4);
  await checked(w);
  await publish("b", 10);
  t.is((await w.cached()).length, 4);
  await checked(w);
  t.deepEqual(await w.cached(), w.service.ids);
  await publish("c", 10);
  t.deepEqual(await w.cached(), w.service.ids);
});

for (const paging of ["none", "ejabberd"] as const) {
  test(`a node that is deleted without a word by a service that pages by ${paging} is found by a listing`, async (t) => {
    const w = await world(t, { paging }, 3, { timing: { retryMs: 1 } });
    await w.cache.sync(w.account, w.address);
    w.service.exists = false;
    await checked(w);
    t.is(await w.state(), "stale");
    await t.throwsAsync(w.cache.getItems(w.account, w.address));
  });

  test(`a node that is made anew without a word by a service that pages by ${paging} is subscribed to again`, async (t) => {
    const w = await world(t, { paging }, 3);
    await w.cache.sync(w.account, w.address);
    w.service.items = [];
    w.service.publish("i1");
    w.service.publish("new");
    w.service.subscribed = false;
    await checked(w);
    t.true(w.service.subscribed);
    t.deepEqual(await w.cached(), ["i1", "new"]);
  });
}

test("a listing that says the same is all that a check costs, and the next ones are further and further apart", async (t) => {
  const w = await world(t, {}, 30);
  await w.cache.sync(w.account, w.address);
  w.service.asked.length = 0;
  await checked(w);
  t.deepEqual(w.service.asked, ["disco#items"]);
  const pause = async () => ((await nodeOf(w))?.nextCheck?.getTime() ?? 0) - Date.now();
  t.true(Math.abs((await pause()) - 1_200_000) < 60_000);
  for (let n = 0; n < 4; n++) await checked(w);
  t.true(Math.abs((await pause()) - 3_600_000) < 60_000, "an hour at most");
  t.deepEqual(await w.told(), []);
});

test("a node of many items is listed less often", async (t) => {
  const w = await world(t, {}, 9000);
  await w.cache.sync(w.account, w.address);
  const next = (await nodeOf(w))?.nextCheck?.getTime() ?? 0;
  t.true(next - Date.now() > 800_000, "900 s");
});

for (const [what, behaviour] of [
  ["tells of every change", { metadata: TELLS_ALL }],
  ["says how many items it keeps", { metadata: { "pubsub#max_items": "50" } }],
  ["says so to the owner", { config: { "pubsub#max_items": "50" } }],
] as const) {
  test(`a node whose service ${what} is not listed, and explain says so`, async (t) => {
    const w = await world(t, behaviour, 3);
    await w.cache.sync(w.account, w.address);
    t.is((await nodeOf(w))?.nextCheck, undefined);
    t.deepEqual(
      (await w.cache.explain(w.account, w.address)).reasons[0],
      "It is kept, and its service tells of every change.",
    );
  });
}

test("a configuration that is not ours to read is asked for once", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
  await w.cache.sync(w.account, w.address);
  t.is(w.service.asked.filter((what) => what === "configure").length, 1);
});

test("a service that lists no ids is not asked again, and explain says what that means", async (t) => {
  const w = await world(t, { hidesIds: true }, 3);
  await w.cache.sync(w.account, w.address);
  await checked(w);
  t.is((await nodeOf(w))?.nextCheck, undefined);
  t.regex((await w.cache.explain(w.account, w.address)).reasons[0] ?? "", /lists no ids/);
});

for (const [what, change, request] of [
  ["an item that is gone", (w: World) => w.service.retract("i1"), {}],
  ["an item that is new", (w: World) => w.service.publish("a"), { maxItems: 2 }],
  ["an item that is overwritten", (w: World) => w.service.publish("i2", "other"), { itemIds: ["i2"] }],
  ["an item that is gone", (w: World) => w.service.retract("i2"), { itemIds: ["i1", "i2"] }],
  ["the newest item gone", (w: World) => w.service.retract("i2"), { maxItems: 2 }],
  ["a page with an item that is new", (w: World) => w.service.publish("a"), { rsm: { max: 10 } }],
] as const) {
  test(`an answer of the service to ${JSON.stringify(request)} that shows ${what} makes the copy be compared`, async (t) => {
    const w = await world(t, { paging: "none" }, 3);
    await w.cache.sync(w.account, w.address);
    change(w);
    await w.cache.getItems(w.account, { ...w.address, ...request }, { useCache: false });
    await w.cache.idle();
    t.deepEqual(await w.cached(), w.service.ids);
    t.is(await w.state(), "synced");
  });
}

test("an answer that says what the copy says changes nothing", async (t) => {
  const w = await world(t, { shuffles: true }, 30);
  await w.cache.sync(w.account, w.address);
  const before = await nodeOf(w);
  for (const request of [{}, { maxItems: 5 }, { itemIds: ["i3", "none"] }, { rsm: { max: 10 } }])
    await w.cache.getItems(w.account, { ...w.address, ...request }, { useCache: false });
  await w.cache.idle();
  t.deepEqual(await nodeOf(w), before);
});

test("a read that is forbidden makes the copy stale: the next one is not answered from it", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  w.service.before = (what) => {
    if (what === "items") throw new StanzaError("forbidden");
  };
  await t.throwsAsync(w.cache.getItems(w.account, w.address, { useCache: false }));
  t.is(await w.state(), "stale");
  await t.throwsAsync(w.cache.getItems(w.account, w.address));
  await w.cache.idle();
  w.service.before = () => {};
  t.deepEqual(idsOf(await w.cache.getItems(w.account, w.address)), w.service.ids);
});

test("a node that is read is listed ten minutes after the last time", async (t) => {
  const w = await world(t, {}, 3, { timing: { listingMs: 600_000 } });
  await w.cache.sync(w.account, w.address);
  w.service.asked.length = 0;
  await w.cache.getItems(w.account, w.address);
  await w.cache.idle();
  t.deepEqual(w.service.asked, []);
  const node = await nodeOf(w);
  const past = Date.now() - 600_001;
  await w.store.nodes.update(node?.id ?? 0, {
    metadata: { ...node?.metadata, listedAt: past },
    lastCheck: new Date(past),
  });
  await w.cache.getItems(w.account, w.address);
  await w.cache.idle();
  t.deepEqual(w.service.asked, ["disco#items"]);
});

test("a service that refuses the ids alone is not read in full again and again", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  w.service.before = (what) => {
    if (what === "disco#items") throw new StanzaError("forbidden");
  };
  const node = await nodeOf(w);
  const past = Date.now() - 3_600_000;
  await w.store.nodes.update(node?.id ?? 0, {
    metadata: { ...node?.metadata, listedAt: past },
    lastCheck: new Date(past),
  });
  await w.cache.getItems(w.account, w.address);
  await w.cache.idle();
  t.like(await nodeOf(w), { state: "synced", nextCheck: undefined });
  t.deepEqual(await w.told(), []);
});
