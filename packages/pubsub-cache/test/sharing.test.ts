import { deleteNode, StanzaError } from "@larder/core";
import type { CacheAccount } from "@larder/pubsub-cache";
import test, { type ExecutionContext } from "ava";
import type { FakeService } from "./fake-service.js";
import { idsOf, type World, world } from "./support.js";

const OPEN = {
  "pubsub#access_model": "open",
  "{urn:xmpp:pubsub-caching:0}consistent-items": "true",
  "{urn:xmpp:pubsub-caching:0}consistent-set": "true",
};

/** A second account at the same service. */
async function another(w: World, jid = "bob@larder.test") {
  const { id } = await w.store.accounts.add({
    jid,
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  let refuses: string | undefined;
  const account: CacheAccount & { connected: boolean; refuse(condition?: string): void } = {
    id,
    jid,
    connected: true,
    online: () => account.connected,
    refuse: (condition = "forbidden") => {
      refuses = condition;
    },
    requester: {
      account: jid,
      request: async (iq) => {
        if (refuses !== undefined) throw new StanzaError(refuses);
        return (w.service as FakeService).request(iq);
      },
    },
  };
  return account;
}

type Other = Awaited<ReturnType<typeof another>>;

async function shared(t: ExecutionContext, metadata: Record<string, string> = OPEN) {
  const w = await world(t, { metadata }, 5);
  const bob = await another(w);
  await w.cache.sessionStarted(w.account);
  await w.cache.sessionStarted(bob);
  await w.cache.sync(w.account, w.address);
  return { ...w, w, bob };
}

const toldTo = async ({ store }: World, accountId: number): Promise<string[]> => {
  const { events } = await store.events.since(await store.events.oldest(), { limit: 100 });
  return events
    .filter((event) => event.accountId === accountId)
    .map(({ data }) => `${data.event} ${((data.ids ?? []) as string[]).join(" ")}`);
};

test("a node that is open and the same for everybody is kept once, for those who have read it", async (t) => {
  const { w, bob, cache, address } = await shared(t);
  const mine = await cache.nodes({ accountIds: [bob.id] });
  t.deepEqual(mine, [], "who has not read it does not see it");
  t.is((await cache.getItems(bob, address)).source, "service");
  await cache.idle();
  t.is((await cache.getItems(bob, address)).source, "cache");
  const nodes = await cache.nodes();
  t.is(nodes.length, 1);
  t.deepEqual(nodes[0]?.accountIds, [w.account.id, bob.id]);
  const found = await cache.search({ limit: 10, accountIds: [bob.id] });
  t.is(found.items.length, 5);
  t.deepEqual(found.items[0]?.accountIds, [w.account.id, bob.id]);
});

for (const [what, metadata] of [
  ["is not open", { ...OPEN, "pubsub#access_model": "whitelist" }],
  ["has other items for each reader", { ...OPEN, "{urn:xmpp:pubsub-caching:0}consistent-set": "false" }],
  ["says nothing of it", {}],
] as const) {
  test(`a node that ${what} is kept for each account by itself`, async (t) => {
    const { bob, cache, address } = await shared(t, metadata);
    await cache.sync(bob, address);
    t.is((await cache.nodes()).length, 2);
    t.is((await cache.search({ limit: 20, accountIds: [bob.id] })).items.length, 5);
  });
}

test("who may not read a shared node gets nothing of it from the cache", async (t) => {
  const { bob, cache, address } = await shared(t);
  bob.refuse();
  await t.throwsAsync(cache.getItems(bob, address), { instanceOf: StanzaError });
  await t.throwsAsync(cache.sync(bob, address), { instanceOf: StanzaError });
  await t.throwsAsync(cache.getCached(bob, address));
  t.deepEqual((await cache.search({ limit: 20, accountIds: [bob.id] })).items, []);
});

test("who may no longer read a shared node is shut out with its next session", async (t) => {
  const { bob, cache, address } = await shared(t);
  await cache.sync(bob, address);
  t.is((await cache.getCached(bob, address)).items.length, 5);
  bob.refuse();
  await cache.sessionStarted(bob);
  await t.throwsAsync(cache.getCached(bob, address));
});

test("an event of a shared node is applied once and told to all of its readers", async (t) => {
  const { w, bob, cache, address, service } = await shared(t);
  await cache.sync(bob, address);
  const event = (text: string) => service.event(`<items node="feed">${service.itemXml("new", text)}</items>`);
  await cache.handleMessage(w.account, event("1"));
  await cache.handleMessage(w.account, event("2"));
  await cache.handleMessage(bob, event("1"));
  const { items } = await cache.getCached(bob, { ...address, itemIds: ["new"] });
  t.deepEqual(items[0]?.parsed, { title: "2" }, "an older event on another account's stream undoes nothing");
  t.deepEqual(await toldTo(w, w.account.id), ["items new", "items new"]);
  t.deepEqual(await toldTo(w, bob.id), ["items new", "items new"]);
});

test("the deletion of a shared node is told to each of its readers once", async (t) => {
  const { w, bob, cache, address, service, store } = await shared(t);
  await cache.sync(bob, address);
  for (const accountId of [w.account.id, bob.id])
    await store.subscriptions.put({ accountId, ...address, subid: "", state: "subscribed" });
  await cache.handleMessage(w.account, service.event('<delete node="feed"/>'));
  await cache.handleMessage(bob, service.event('<delete node="feed"/>'));
  t.deepEqual(await toldTo(w, w.account.id), ["delete "]);
  t.deepEqual(await toldTo(w, bob.id), ["delete "]);
});

test("the deletion of a shared node while everybody was away is told to each of its readers once", async (t) => {
  const { w, bob, cache, address, service, store } = await shared(t);
  await cache.sync(bob, address);
  for (const { id: accountId } of [w.account, bob])
    await store.subscriptions.put({ accountId, ...address, subid: "", state: "subscribed" });
  for (const account of [w.account, bob]) {
    account.connected = false;
    await cache.sessionEnded(account);
  }
  service.exists = false;
  for (const account of [w.account, bob]) {
    account.connected = true;
    await cache.sessionStarted(account);
    await cache.idle();
  }
  const [node] = await cache.nodes();
  t.deepEqual(node?.accountIds, [w.account.id, bob.id], "it may be a passing fault");
  const since = Date.now() - 61_000;
  await store.nodes.update(node?.id ?? 0, { lastError: { ...node?.lastError, since } });
  await t.throwsAsync(cache.sync(w.account, address), { instanceOf: StanzaError });
  await cache.idle();
  t.deepEqual(await toldTo(w, w.account.id), ["delete "]);
  t.deepEqual(await toldTo(w, bob.id), ["delete "]);
  t.deepEqual(await cache.nodes(), []);
  t.deepEqual(await store.subscriptions.find(w.account.id, address.service, address.node), []);
});

/** A new item, told to one account. */
async function publishLive({ cache, service }: World, account: CacheAccount): Promise<void> {
  service.publish("live");
  await cache.handleMessage(account, service.event(`<items node="feed">${service.itemXml("live")}</items>`));
}

test("an account that fed a shared node and has to subscribe anew reads it again, and another one feeds it", async (t) => {
  const { w, bob, cache, address, service } = await shared(t);
  await cache.sync(bob, address);
  await cache.handleMessage(w.account, service.event('<subscription node="feed" subscription="none"/>'));
  await cache.idle();
  await publishLive(w, bob);
  t.deepEqual(idsOf(await cache.getCached(w.account, address)), service.ids);
  t.is((await cache.getItems(w.account, address)).source, "cache");
});

for (const [what, shutOut] of [
  [
    "is refused it",
    async ({ cache, address }: World, bob: Other) => {
      bob.refuse();
      await cache.sync(bob, address).catch(() => {});
    },
  ],
  [
    "gets item-not-found for good",
    async ({ cache, address, store }: World, bob: Other) => {
      bob.refuse("item-not-found");
      await cache.sync(bob, address).catch(() => {});
      const [node] = await cache.nodes();
      const since = Date.now() - 61_000;
      await store.nodes.update(node?.id ?? 0, { lastError: { ...node?.lastError, since } });
      await cache.sync(bob, address).catch(() => {});
    },
  ],
  [
    "unsubscribes",
    async ({ cache, address }: World, bob: Other) => void (await cache.unsubscribe(bob, address)),
  ],
] as const) {
  test(`when the account that feeds a shared node ${what}, another one does, and keeps what it has`, async (t) => {
    const { w, bob, cache, address, service } = await shared(t);
    await cache.sync(bob, address);
    w.account.connected = false;
    await cache.sessionEnded(w.account); // bob feeds it
    w.account.connected = true;
    await cache.sessionStarted(w.account);
    await cache.idle();
    await shutOut(w, bob);
    await cache.idle();
    await t.throwsAsync(cache.getCached(bob, address));
    await publishLive(w, w.account);
    t.deepEqual(idsOf(await cache.getCached(w.account, address)), service.ids);
    t.is((await cache.getItems(w.account, address)).source, "cache");
    t.deepEqual(await toldTo(w, w.account.id), ["items live"]);
    t.deepEqual(await toldTo(w, bob.id), what.startsWith("gets") ? ["delete "] : []);
  });
}

test("a shared node that one account deletes at a service that tells nobody is told to the others", async (t) => {
  const { w, bob, cache, address, service, store } = await shared(t);
  await cache.sync(bob, address);
  await store.subscriptions.put({ accountId: bob.id, ...address, subid: "", state: "subscribed" });
  await deleteNode(cache.writer(w.account), address.service, address.node);
  await cache.handleMessage(bob, service.event('<delete node="feed"/>'));
  t.deepEqual(await toldTo(w, w.account.id), ["delete "]);
  t.deepEqual(await toldTo(w, bob.id), ["delete "]);
  t.deepEqual(await store.subscriptions.find(bob.id, address.service, address.node), []);
});

test("when the account that feeds a shared node goes, another one does, and what was missed is found", async (t) => {
  const { w, bob, cache, address, service } = await shared(t);
  await cache.sync(bob, address);
  w.account.connected = false;
  service.publish("missed");
  await cache.sessionEnded(w.account);
  await cache.idle();
  t.deepEqual(idsOf(await cache.getCached(bob, address)), service.ids);
  await publishLive(w, bob);
  t.deepEqual(idsOf(await cache.getCached(w.account, address)), service.ids);
  t.is((await cache.getItems(bob, address)).source, "cache");
});

test("a shared node that is no longer for everybody is kept for each account by itself again", async (t) => {
  const { w, bob, cache, address, service } = await shared(t);
  await cache.sync(bob, address);
  service.behaviour = { ...service.behaviour, metadata: { "pubsub#access_model": "whitelist" } };
  await cache.handleMessage(w.account, service.event('<configuration node="feed"/>'));
  await cache.idle();
  const nodes = await cache.nodes();
  t.deepEqual(
    nodes.map(({ accountIds }) => accountIds),
    [[w.account.id]],
  );
  await t.throwsAsync(cache.getCached(bob, address));
});

test("a shared node goes with the last account that may read it", async (t) => {
  const { w, bob, cache, address, store } = await shared(t);
  await cache.sync(bob, address);
  for (const account of [w.account, bob]) {
    t.is((await cache.nodes()).length, 1);
    await store.accounts.remove(account.id, { keepData: false });
    await cache.accountRemoved(account);
  }
  t.deepEqual(await cache.nodes(), []);
});

test("a shared node is fed again when the session that fed it goes on", async (t) => {
  const { w, cache, address, service } = await shared(t);
  w.account.connected = false;
  await cache.sessionEnded(w.account);
  w.account.connected = true;
  await cache.sessionResumed(w.account);
  await cache.idle();
  await publishLive(w, w.account);
  t.deepEqual(idsOf(await cache.getCached(w.account, address)), service.ids);
  t.is((await cache.getItems(w.account, address)).source, "cache");
});

test("a refusal that one reader of a shared node meets takes it from nobody else", async (t) => {
  const { w, bob, cache, address } = await shared(t);
  await cache.sync(bob, address);
  bob.refuse();
  await t.throwsAsync(cache.sync(bob, address), { instanceOf: StanzaError });
  await t.throwsAsync(cache.getCached(bob, address));
  t.is((await cache.getCached(w.account, address)).items.length, 5);
});
