import { NotFoundError } from "@larder/core";
import type { Analyser } from "@larder/pubsub-cache";
import test, { type ExecutionContext } from "ava";
import { analyser, gate, type World, world } from "./support.js";

test("events are applied in their order and told", async (t) => {
  const { cache, account, address, cached, service, event, told } = await world(t, {}, 2);
  await cache.sync(account, address);
  await Promise.all([
    event(`<items node="feed">${service.itemXml("a", "1")}</items>`),
    event(`<items node="feed">${service.itemXml("a", "2")}</items>`),
    event('<items node="feed"><retract id="i0"/></items>'),
    event(`<items node="feed">${service.itemXml("b")}</items>`),
  ]);
  t.deepEqual(await cached(), ["i1", "a", "b"]);
  t.deepEqual((await cache.getCached(account, { ...address, itemIds: ["a"] })).items[0]?.parsed, {
    title: "2",
  });
  t.deepEqual(await told(), ["live items a", "live items a", "live retract i0", "live items b"]);
});

test("a repeated notification is told once", async (t) => {
  const { cache, account, address, service, event, told } = await world(t, {}, 1);
  await cache.sync(account, address);
  t.true(await event(`<items node="feed">${service.itemXml("i0")}</items>`));
  t.deepEqual(await told(), []);
});

for (const [what, from] of [
  ["another entity", "mallory@evil.test"],
  ["a resource of the service", "pubsub.larder.test/x"],
  ["something that is no address", "@@"],
] as const) {
  test(`an event from ${what} changes nothing`, async (t) => {
    const { cache, account, address, cached, event, told } = await world(t, {}, 2);
    await cache.sync(account, address);
    t.false(await event('<purge node="feed"/>', from));
    t.false(await event('<delete node="feed"/>', from));
    t.deepEqual(await cached(), ["i0", "i1"]);
    t.deepEqual(await told(), []);
  });
}

test("an event for a node that nobody follows is not told", async (t) => {
  const { service, event, told } = await world(t);
  t.false(await event(`<items node="feed">${service.itemXml("a")}</items>`));
  t.deepEqual(await told(), []);
});

test("an error that holds an event is no event", async (t) => {
  const { cache, account, address, cached, service } = await world(t, {}, 1);
  await cache.sync(account, address);
  const stanza = service.event('<purge node="feed"/>');
  stanza.attrs.type = "error";
  t.false(await cache.handleMessage(account, stanza));
  t.deepEqual(await cached(), ["i0"]);
});

test("a purge empties the node, and a deletion drops it with its subscription", async (t) => {
  const { cache, account, address, cached, event, store, told } = await world(t, {}, 3);
  await cache.sync(account, address);
  await event('<purge node="feed"/>');
  t.deepEqual(await cached(), []);
  await event('<delete node="feed"/>');
  await t.throwsAsync(cached(), { instanceOf: NotFoundError });
  t.deepEqual(await store.subscriptions.find(account.id, address.service, address.node), []);
  t.deepEqual(await told(), ["live purge", "live delete"]);
});

test("what was told of a node that is not kept loses its content when it is retracted or purged", async (t) => {
  const { account, address, service, event, store } = await world(t);
  await store.subscriptions.put({ accountId: account.id, ...address, state: "subscribed" });
  await event(`<items node="feed">${service.itemXml("a", "secret-a")}</items>`);
  await event(`<items node="feed">${service.itemXml("b", "secret-b")}</items>`);
  const log = async () =>
    JSON.stringify((await store.events.since(await store.events.oldest(), { limit: 100 })).events);
  t.true((await log()).includes("secret-a"));
  await event('<items node="feed"><retract id="a"/></items>');
  t.false((await log()).includes("secret-a"));
  t.true((await log()).includes("secret-b"));
  await event('<purge node="feed"/>');
  t.false((await log()).includes("secret-b"));
});

test("a notification without payloads makes the node be read again", async (t) => {
  const { cache, account, address, cached, service, event } = await world(t, {}, 1);
  await cache.sync(account, address);
  service.publish("a");
  await event('<items node="feed"><item id="a"/></items>');
  await cache.idle();
  t.deepEqual(await cached(), ["i0", "a"]);
});

test("a notification without payloads that comes during a synchronisation is not lost in it", async (t) => {
  const { cache, account, address, cached, service, event } = await world(t, {}, 1);
  await cache.sync(account, address);
  let first = true;
  service.after = async (what) => {
    if (what !== "items" || !first) return;
    first = false; // the last answer is made and does not hold what comes now
    service.publish("a");
    await event('<items node="feed"><item id="a"/></items>');
  };
  service.behaviour = { ...service.behaviour, paging: "none" };
  await cache.sync(account, address);
  await cache.idle();
  t.deepEqual(await cached(), ["i0", "a"]);
});

// What happens between the moment a page is made and the moment it is stored. `none` answers in one piece,
// so that nothing later can put it right.
for (const known of [false, true]) {
  const when = known ? "a repeated" : "the first";
  const during = async (t: ExecutionContext, act: (w: World) => Promise<void>) => {
    const w = await world(t, { paging: "none" }, 250);
    if (known) await w.cache.sync(w.account, w.address);
    let first = true;
    w.service.after = async (what) => {
      if (what !== "items" || !first) return;
      first = false;
      await act(w);
    };
    return w;
  };

  test(`an update that comes during ${when} synchronisation is newer than the page`, async (t) => {
    const w = await during(t, async ({ event, service }) => {
      service.publish("i200", "newer");
      await event(`<items node="feed">${service.itemXml("i200", "newer")}</items>`);
    });
    await w.cache.sync(w.account, w.address);
    const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i200"] });
    t.deepEqual(items[0]?.parsed, { title: "newer" });
    t.deepEqual(await w.cached(), w.service.ids);
  });

  test(`an item published during ${when} synchronisation stays, at the end`, async (t) => {
    const w = await during(t, async ({ event, service }) => {
      service.publish("new");
      await event(`<items node="feed">${service.itemXml("new")}</items>`);
    });
    await w.cache.sync(w.account, w.address);
    t.deepEqual(await w.cached(), w.service.ids);
    t.is((await w.cached()).at(-1), "new");
  });

  test(`an item retracted during ${when} synchronisation does not return with the page`, async (t) => {
    const w = await during(t, async ({ event, service }) => {
      service.retract("i200");
      await event('<items node="feed"><retract id="i200"/></items>');
    });
    await w.cache.sync(w.account, w.address);
    t.deepEqual(await w.cached(), w.service.ids);
  });

  test(`a node purged during ${when} synchronisation stays empty but for what came after`, async (t) => {
    const w = await during(t, async ({ event, service }) => {
      service.items = [];
      await event('<purge node="feed"/>');
      service.publish("new");
      await event(`<items node="feed">${service.itemXml("new")}</items>`);
    });
    await w.cache.sync(w.account, w.address);
    t.deepEqual(await w.cached(), ["new"]);
  });

  test(`a node deleted during ${when} synchronisation is gone, and who waits is told`, async (t) => {
    const w = await during(t, async ({ event, service }) => {
      service.exists = false;
      await event('<delete node="feed"/>');
    });
    await t.throwsAsync(w.cache.sync(w.account, w.address), { instanceOf: NotFoundError });
    await t.throwsAsync(w.cached(), { instanceOf: NotFoundError });
    t.is(await w.state(), undefined);
  });
}

test("an update between two pages is newer than the page before it, and kept", async (t) => {
  const { cache, account, address, cached, service, event } = await world(t, { cap: 50 }, 170);
  service.after = async (what, times) => {
    if (what !== "items" || times !== 2) return;
    service.publish("i60", "newer");
    await event(`<items node="feed">${service.itemXml("i60", "newer")}</items>`);
    service.retract("i10");
    await event('<items node="feed"><retract id="i10"/></items>');
  };
  await cache.sync(account, address);
  const { items } = await cache.getCached(account, { ...address, itemIds: ["i60"] });
  t.deepEqual(items[0]?.parsed, { title: "newer" });
  t.deepEqual((await cached()).toSorted(), service.ids.toSorted());
});

test("an event of the subscription changes it; one about somebody else does not", async (t) => {
  const { cache, account, address, store, event } = await world(t, {}, 1);
  await cache.sync(account, address);
  const subscribed = async () => (await store.nodes.find({ accountId: account.id, ...address }))?.subscribed;
  await event('<subscription node="feed" jid="bob@larder.test" subscription="none"/>');
  t.true(await subscribed());
  await event('<subscription node="feed" jid="alice@larder.test" subscription="none"/>');
  t.false(await subscribed());
});

test("an event that repeats what subscribing was answered is no reason to look at the node again", async (t) => {
  const { cache, account, address, store, event, service } = await world(t, {}, 1);
  await cache.sync(account, address);
  const asked = service.asked.length;
  await event('<subscription node="feed" jid="alice@larder.test" subscription="subscribed"/>');
  await cache.idle();
  t.is((await store.nodes.find({ accountId: account.id, ...address }))?.state, "synced");
  t.is(service.asked.length, asked);
});

test("a slow event holds up no other node", async (t) => {
  const slow = gate();
  const begun = gate();
  const { cache, account, address, service, event, cached } = await world(t, {}, 1, {
    pool: {
      parse: async (_parser, batch) => {
        if (batch.some(({ xml }) => xml.includes("slow"))) {
          begun.open();
          await slow.opened;
        }
        return batch.map(() => ({ ok: false, error: "no" }));
      },
    },
  });
  await cache.sync(account, address);
  const other = { ...address, node: "other" };
  await cache.sync(account, other);
  const first = event(`<items node="feed">${service.itemXml("slow")}</items>`);
  await begun.opened;
  await event(`<items node="other">${service.itemXml("quick")}</items>`);
  t.is((await cache.getCached(account, other)).items.at(-1)?.id, "quick");
  t.is((await cache.getCached(account, other)).items.at(-1)?.parseError, "no");
  slow.open();
  await first;
  t.deepEqual(await cached(), ["i0", "slow"]);
});

for (const [who, from, subscription, accepted] of [
  ["a contact whose presence we have", "carol@larder.test", "to", true],
  ["a contact who has ours", "carol@larder.test", "from", false],
  ["our own account", "alice@larder.test", undefined, true],
  ["a stranger", "mallory@larder.test", undefined, false],
] as const) {
  test(`an event that our caps ask for, from ${who}, is ${accepted ? "told, and its node kept" : "dropped"}`, async (t) => {
    const w = await world(t, {}, 2, { analysers: [{ ...analyser, node: "feed", notify: true }] });
    t.deepEqual(w.cache.announcedNodes, ["feed"]);
    if (subscription)
      await w.store.roster.replace(w.account.id, [{ jid: from, subscription, groups: [] }], undefined);
    t.is(await w.event(`<items node="feed">${w.service.itemXml("i1")}</items>`, from), accepted);
    await w.cache.idle();
    t.deepEqual(await w.told(), accepted ? ["live items i1"] : []);
    const node = await w.store.nodes.find({ accountId: w.account.id, service: from, node: "feed" });
    t.is(node?.state, accepted ? "synced" : undefined);
    t.false(await w.event(`<items node="other">${w.service.itemXml("i1")}</items>`, from));
  });
}

test("an item that is published again as it was is the newest then, and nothing is told", async (t) => {
  const w = await world(t, { paging: "none" }, 3);
  await w.cache.sync(w.account, w.address);
  w.service.publish("i0");
  await w.event(`<items node="feed">${w.service.itemXml("i0")}</items>`);
  t.deepEqual(await w.cached(), w.service.ids);
  t.deepEqual(await w.told(), []);
});

test("the last item, sent again because we subscribe for a first synchronisation, is not told", async (t) => {
  const { cache, account, address, service, told, cached } = await world(t, {}, 3);
  service.after = async (what) => {
    if (what === "subscribe")
      await cache.handleMessage(
        account,
        service.delayedEvent(`<items node="feed">${service.itemXml("i2")}</items>`),
      );
  };
  await cache.sync(account, address);
  t.deepEqual(await told(), []);
  t.deepEqual(await cached(), ["i0", "i1", "i2"]);
});

test("events of nodes that nobody follows are known without a look into the database", async (t) => {
  const avatars: Analyser = { name: "avatars", type: "avatar", node: "avatars", toSync: true, notify: true };
  const { cache, account, address, service, store } = await world(t, {}, 1, {
    analysers: [analyser, avatars],
  });
  const follows = (node: string, from?: string) =>
    cache.follows(account, service.event(`<items node="${node}"/>`, from));
  t.true(follows("feed"), "before a session begins nothing is known");
  const contact = { name: undefined, groups: [], ask: undefined };
  await store.roster.apply(account.id, { jid: "bob@larder.test", subscription: "to", ...contact }, undefined);
  await store.subscriptions.put({ accountId: account.id, ...address, node: "subscribed", state: "pending" });
  await cache.sessionStarted(account);
  await cache.idle();
  t.false(follows("feed"));
  t.true(follows("subscribed"));
  t.false(follows("subscribed", "mallory@evil.test"));
  t.false(follows("subscribed", "pubsub.larder.test/x"));
  t.false(follows("subscribed", "@@"));
  t.true(follows("anything", account.jid), "what our own account tells is for others to judge");
  t.true(follows("avatars", "bob@larder.test"));
  t.false(follows("avatars", "carol@larder.test"));
  cache.contactAdded(account, "carol@larder.test");
  t.true(follows("avatars", "carol@larder.test"));
  const done = cache.sync(account, address);
  t.true(follows("feed"), "before anything is asked");
  await done;
  await cache.sessionStarted(account);
  await cache.idle();
  t.true(follows("feed"));
  await cache.subscribe(account, { ...address, node: "late" });
  t.true(follows("late"));
});
