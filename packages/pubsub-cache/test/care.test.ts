import { setTimeout as delay } from "node:timers/promises";
import {
  AnswerTooLargeError,
  NotConnectedError,
  NotFoundError,
  parseTrustedXml,
  publishItem,
  RequestTimeoutError,
  StanzaError,
} from "@larder/core";
import type { Analyser } from "@larder/pubsub-cache";
import type { NodeRecord } from "@larder/storage";
import test from "ava";
import { analyser, gate, idsOf, type World, world } from "./support.js";

const nodeOf = async ({ store, account, address }: World): Promise<NodeRecord> => {
  const node = await store.nodes.find({ accountId: account.id, ...address });
  if (!node) throw new Error("the node is not there");
  return node;
};

/** What the service is asked from now on, in order. */
function askedFromNow({ service }: World): string[] {
  service.asked.length = 0;
  return service.asked;
}

const absent = async (w: World, work: () => void) => {
  w.account.connected = false;
  work();
  w.account.connected = true;
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
};

for (const [kind, behaviour] of [
  ["a service that pages", { keepsPlaces: false }],
  ["a service that ignores RSM", { paging: "none" }],
  ["a service with ejabberd's ways", { paging: "ejabberd" }],
] as const) {
  test(`${kind}: after an absence ids and the newest items are compared, and the difference is told`, async (t) => {
    const w = await world(t, behaviour, 300, { effort: { readWholeBytes: 0, overwriteBytesPerDay: 0 } });
    await w.cache.sync(w.account, w.address);
    const { lastSync } = await nodeOf(w);
    const asked = askedFromNow(w);
    await absent(w, () => {
      w.service.retract("i10");
      for (let i = 0; i < 40; i++) w.service.publish(`new${i}`);
    });
    t.deepEqual(await w.cached(), w.service.ids);
    t.deepEqual((await nodeOf(w)).lastSync, lastSync, "it was not read in full");
    t.deepEqual(asked, ["subscriptions", "disco#info", "disco#items", "items", "items"]);
    const added = Array.from({ length: 40 }, (_, i) => `new${i}`).join(" ");
    t.deepEqual(await w.told(), [`catchup items ${added}`, "catchup retract i10"]);
  });

  test(`${kind}: an unchanged node costs its ids and the newest items, and nothing is told`, async (t) => {
    const w = await world(t, behaviour, 300);
    await w.cache.sync(w.account, w.address);
    await absent(w, () => {});
    t.is((await nodeOf(w)).state, "synced");
    t.deepEqual(await w.told(), []);
  });
}

/** Metadata of a node whose service tells of every change (XEP-0460 §10). */
const TELLS_ALL = { "{urn:xmpp:pubsub-caching:0}always-notify": "true" };

test("where overwritten items move to the end, they are found without reading everything", async (t) => {
  const w = await world(t, { paging: "none" }, 300);
  await w.cache.sync(w.account, w.address);
  const { lastSync } = await nodeOf(w);
  await absent(w, () => {
    for (const id of ["i5", "i100", "i299", "i7"]) w.service.publish(id, "again");
    w.service.publish("i8"); // the same content, in another place
  });
  t.deepEqual(await w.cached(), w.service.ids);
  t.deepEqual((await nodeOf(w)).lastSync, lastSync);
  t.deepEqual(await w.told(), ["catchup items i5 i100 i299 i7"], "what says the same is no difference");
});

test("where overwritten items keep their places, a full reading follows a day after the last one", async (t) => {
  const w = await world(t, { paging: "ejabberd", metadata: TELLS_ALL }, 100, {
    effort: { readWholeBytes: 100, overwriteBytesPerDay: 0 },
  });
  await w.cache.sync(w.account, w.address);
  await absent(w, () => w.service.publish("i5", "hidden"));
  const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i5"] });
  t.deepEqual(items[0]?.parsed, { title: "text of i5" });
  const { reasons, nextCheck } = await w.cache.explain(w.account, w.address);
  t.true(reasons.some((reason) => reason.includes("leaves overwritten items in their place")));
  const { id, lastSync } = await nodeOf(w);
  t.is(nextCheck?.getTime(), (lastSync?.getTime() ?? 0) + 86_400_000);
  await w.store.nodes.update(id, { lastSync: new Date(Date.now() - 86_400_001) });
  await absent(w, () => {});
  t.deepEqual((await w.cache.getCached(w.account, { ...w.address, itemIds: ["i5"] })).items[0]?.parsed, {
    title: "hidden",
  });
});

test("a node's own archive tells what was overwritten in its place, and no full reading is due", async (t) => {
  const w = await world(t, { paging: "ejabberd", archive: true, metadata: TELLS_ALL }, 100);
  await w.cache.sync(w.account, w.address);
  const { lastSync } = await nodeOf(w);
  await absent(w, () => {
    w.service.publish("i5", "first");
    w.service.publish("i5", "overwritten");
    w.service.publish("i6", "and gone");
    w.service.retract("i6");
    w.service.publish("new");
  });
  t.deepEqual(await w.cached(), w.service.ids);
  const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i5"] });
  t.deepEqual(items[0]?.parsed, { title: "overwritten" });
  t.deepEqual(await w.told(), ["catchup items i5 new", "catchup retract i6"]);
  const after = await nodeOf(w);
  t.deepEqual(after.lastSync, lastSync);
  t.is(after.nextCheck, undefined);
});

test("an event before the comparison does not hide what was missed before it", async (t) => {
  const w = await world(t, { paging: "none" }, 60);
  await w.cache.sync(w.account, w.address);
  w.account.connected = false;
  w.service.publish("i3", "missed");
  w.service.publish("i5", "last");
  w.account.connected = true;
  const { lastSync } = await nodeOf(w);
  w.service.before = async (what) => {
    if (what !== "subscriptions") return;
    w.service.before = () => {};
    await w.event(`<items node="feed">${w.service.itemXml("i5", "last")}</items>`);
  };
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
  const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i3"] });
  t.deepEqual(items[0]?.parsed, { title: "missed" });
  t.deepEqual((await nodeOf(w)).lastSync, lastSync, "it was not read in full");
});

test("an event during the comparison stands behind what was missed before it", async (t) => {
  for (const paging of ["none", "ejabberd"] as const) {
    const w = await world(t, { paging }, 40);
    await w.cache.sync(w.account, w.address);
    w.account.connected = false;
    w.service.publish("missed1");
    w.service.publish("missed2");
    w.account.connected = true;
    w.service.after = async (what) => {
      if (what !== "items") return;
      w.service.after = () => {};
      w.service.publish("live");
      await w.event(`<items node="feed">${w.service.itemXml("live")}</items>`);
    };
    await w.cache.sessionStarted(w.account);
    await w.cache.idle();
    t.deepEqual(await w.cached(), w.service.ids, paging);
  }
});

for (const when of ["a first reading", "a comparison"] as const) {
  test(`events that come late do not turn round what ${when} has seen`, async (t) => {
    for (const paging of ["none", "rsm"] as const) {
      const w = await world(t, { paging, keepsPlaces: false }, 3);
      if (when === "a comparison") await w.cache.sync(w.account, w.address);
      const event = (id: string) => w.event(`<items node="feed">${w.service.itemXml(id)}</items>`);
      let first = true;
      w.service.before = (what) => {
        if (what !== "items" || !first) return;
        for (const id of ["a", "b", "c"]) w.service.publish(id);
      };
      w.service.after = async (what) => {
        if (what !== "items" || !first) return;
        first = false; // the answer has all of them, and only two of their events are here
        await event("a");
        await event("b");
      };
      if (when === "a comparison") {
        await w.cache.sessionStarted(w.account);
        await w.cache.idle();
      } else await w.cache.sync(w.account, w.address);
      await event("c");
      t.deepEqual(await w.cached(), w.service.ids, paging);
    }
  });
}

for (const [why, behaviour] of [
  ["does not list ids", { hidesIds: true }],
  [
    "says that its items may be added anywhere",
    { metadata: { "{urn:xmpp:pubsub-caching:0}stable-items": "false" } },
  ],
] as const) {
  test(`a service that ${why} is read in full after an absence`, async (t) => {
    const w = await world(t, behaviour, 30);
    await w.cache.sync(w.account, w.address);
    const { lastSync } = await nodeOf(w);
    await absent(w, () => {
      w.service.retract("i1");
      w.service.publish("new");
    });
    t.deepEqual(await w.cached(), w.service.ids);
    t.notDeepEqual((await nodeOf(w)).lastSync, lastSync);
  });
}

test("an answer cut short without a word is completed by the ids of the node", async (t) => {
  const w = await world(t, { paging: "none" }, 90);
  w.service.behaviour = { ...w.service.behaviour, truncates: 10 };
  w.service.before = (what) => {
    // Only the items are cut; the list of ids is whole.
    w.service.behaviour = { ...w.service.behaviour, truncates: what === "items" ? 10 : undefined };
  };
  t.is((await w.cache.sync(w.account, w.address)).items, 90);
});

test("a reading that is cut goes on where it was, also in another session", async (t) => {
  const w = await world(t, { cap: 50 }, 500);
  w.service.before = (what, times) => {
    if (what === "items" && times === 7) throw new NotConnectedError(w.account.jid);
  };
  await t.throwsAsync(w.cache.sync(w.account, w.address), { instanceOf: NotConnectedError });
  const { resume } = await nodeOf(w);
  t.true(Number(resume?.received) >= 250);
  w.service.before = () => {};
  w.service.retract("i3"); // behind the reading
  const asked = askedFromNow(w);
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
  t.true(asked.filter((what) => what === "items").length < 9, `it did not begin anew: ${asked.join(" ")}`);
});

test("a node of which too much comes at once is read by ids, fifty at a time, and where that is cut it goes on", async (t) => {
  const w = await world(t, { paging: "none" }, 150);
  for (let number = 0; number < 33; number++) w.service.publish(`large${number}`, "x".repeat(1024 * 1024));
  w.service.before = (what, times) => {
    // All at once, the newest for the order of the ids, and then three times some.
    if (what === "items" && times === 5) throw new NotConnectedError(w.account.jid);
  };
  await t.throwsAsync(w.cache.sync(w.account, w.address), { instanceOf: NotConnectedError });
  t.like((await nodeOf(w)).resume, { mark: { by: "ids", after: "i99" }, received: 100 });
  w.service.before = () => {};
  const asked = askedFromNow(w);
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
  t.true(asked.filter((what) => what === "items").length < 6, `it did not begin anew: ${asked.join(" ")}`);
});

test("where too much comes at once and no ids are listed, what was kept stays, and why is told", async (t) => {
  const w = await world(t, { paging: "none" }, 2);
  await w.cache.sync(w.account, w.address);
  for (let number = 0; number < 33; number++) w.service.publish(`large${number}`, "x".repeat(1024 * 1024));
  w.service.before = (what) => {
    w.service.behaviour = { ...w.service.behaviour, truncates: what === "disco#items" ? 0 : undefined };
  };
  await t.throwsAsync(w.cache.sync(w.account, w.address), { instanceOf: AnswerTooLargeError });
  t.deepEqual(await w.cached(), ["i0", "i1"]);
  t.is((await nodeOf(w)).lastError?.type, "not_acceptable");
});

test("a place that the service has forgotten makes the reading begin anew", async (t) => {
  const w = await world(t, { cap: 50, strictIds: true }, 200);
  w.service.before = (what, times) => {
    if (what === "items" && times === 3) throw new NotConnectedError(w.account.jid);
  };
  await t.throwsAsync(w.cache.sync(w.account, w.address));
  for (const id of w.service.ids.slice(0, 120)) w.service.retract(id);
  w.service.before = () => {};
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
});

test("what failed is tried again by itself after a pause, and the next session tries at once", async (t) => {
  const w = await world(t, {}, 5, { timing: { retryMs: 10, maxRetryMs: 20 } });
  let refusals = 2;
  w.service.before = (what) => {
    if (what === "items" && refusals-- > 0) throw new RequestTimeoutError("no answer");
  };
  const synced = new Promise<void>((resolve) => {
    w.cache.on("progress", ({ state }) => state === "synced" && resolve());
  });
  await t.throwsAsync(w.cache.sync(w.account, w.address), { instanceOf: RequestTimeoutError });
  const { state, reasons, nextRetry, lastError } = await w.cache.explain(w.account, w.address);
  t.is(state, "error");
  t.true(nextRetry instanceof Date);
  t.like(lastError, { type: "timeout", retryable: true });
  t.true(reasons.some((reason) => reason.includes("It is tried again at")));
  await w.cache.sessionStarted(w.account);
  await synced;
  t.deepEqual(await w.cached(), w.service.ids);
  t.is((await nodeOf(w)).failures, 0);
});

test("a service that has had enough is left in peace for a while, and then asked again", async (t) => {
  const w = await world(t, {}, 5);
  let refused = false;
  w.service.before = (what) => {
    if (what !== "items" || refused) return;
    refused = true;
    throw new StanzaError("resource-constraint", { errorType: "wait" });
  };
  const run = w.cache.sync(w.account, w.address);
  const begun = Date.now();
  await run;
  t.true(Date.now() - begun >= 800, "about a second, before the next attempt");
  t.deepEqual(await w.cached(), w.service.ids);
});

test("no more requests than the limit are under way to the services of one host", async (t) => {
  const w = await world(t, {}, 3, { effort: { requestsPerHost: 2, jobsPerAccount: 8 } });
  let [now, most] = [0, 0];
  w.service.before = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
  };
  w.service.after = () => {
    now--;
  };
  await Promise.all(
    Array.from({ length: 6 }, (_, i) => w.cache.sync(w.account, { ...w.address, node: `n${i}` })),
  );
  t.is(most, 2);
});

test("beyond a limit of items the newest are kept, and what the copy cannot answer is asked of the service", async (t) => {
  for (const paging of ["rsm", "none", "ejabberd"] as const) {
    const w = await world(t, { paging }, 500, { policy: { maxItems: 120 } });
    const node = await w.cache.sync(w.account, w.address);
    t.is(node.items, 120, paging);
    t.deepEqual(await w.cached(), w.service.ids.slice(-120));
    const from = async (request: object) => {
      const answer = await w.cache.getItems(w.account, { ...w.address, ...request });
      return [answer.source, idsOf(answer).length];
    };
    t.deepEqual(await from({ maxItems: 100 }), ["cache", 100]);
    t.deepEqual(await from({ maxItems: 121 }), ["service", 121]);
    t.deepEqual(await from({}), ["service", 500]);
    t.deepEqual(await from({ itemIds: ["i499", "i400"] }), ["cache", 2]);
    t.deepEqual(await from({ itemIds: ["i499", "i1"] }), ["service", 2]);
    t.deepEqual(await from({ rsm: { max: 50, before: "" } }), ["cache", 50]);
    t.deepEqual(await from({ rsm: { max: 50 } }), ["service", 50]);
    t.deepEqual(await from({ rsm: { max: 50, index: 10 } }), ["service", 50]);
    const last = await w.cache.getItems(w.account, { ...w.address, rsm: { max: 50, before: "" } });
    t.is(last.rsm?.count, undefined, "how many there are in all is not known");
    const before = await w.cache.getItems(w.account, {
      ...w.address,
      rsm: { max: 50, before: last.rsm?.first },
    });
    t.is(before.source, "cache");
    const beyond = await w.cache.getItems(w.account, {
      ...w.address,
      rsm: { max: 50, before: before.rsm?.first },
    });
    t.deepEqual([beyond.source, idsOf(beyond)], ["service", w.service.ids.slice(350, 400)], paging);
    await w.event(`<items node="feed">${w.service.itemXml("live")}</items>`);
    t.deepEqual((await w.cached())?.length, 120, "also when events come");
    t.true(
      (await w.cache.explain(w.account, w.address)).reasons.some((reason) => reason.includes("120 items")),
    );
  }
});

test("beyond a limit of characters the oldest items go", async (t) => {
  const w = await world(t, {}, 100, { policy: { maxBytes: 3000 } });
  const size = w.service.itemXml("i99").length;
  await w.cache.sync(w.account, w.address);
  const kept = await w.cached();
  t.true(kept.length > 3000 / (size + 60) && kept.length <= 3000 / size, String(kept.length));
  t.deepEqual(kept, w.service.ids.slice(-kept.length));
});

test("what a full node drops without a word is dropped here too", async (t) => {
  const w = await world(t, { metadata: { "pubsub#max_items": "5" } }, 5);
  await w.cache.sync(w.account, w.address);
  await w.event(`<items node="feed">${w.service.itemXml("new")}</items>`);
  t.deepEqual(await w.cached(), ["i1", "i2", "i3", "i4", "new"]);
  t.deepEqual(await w.told(), ["live items new", "live retract i0"]);
});

test("items that have expired at the service go here too, at their time", async (t) => {
  const w = await world(t, { metadata: { ...TELLS_ALL, "pubsub#item_expire": "3600" } }, 3);
  await w.cache.sync(w.account, w.address);
  const { id, nextCheck } = await nodeOf(w);
  t.true(Math.abs((nextCheck?.getTime() ?? 0) - Date.now() - 3_600_000) < 60_000);
  await w.store.nodes.update(id, { metadata: { itemExpireSeconds: -1 }, nextCheck: new Date() });
  w.service.items = [];
  w.service.behaviour = { ...w.service.behaviour, metadata: { "pubsub#item_expire": "0" } };
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
  t.deepEqual(await w.cached(), []);
});

for (const [what, metadata] of [
  ["keeps no items", { "{urn:xmpp:pubsub-caching:0}persistence": "transient" }],
  ["gives each reader other items", { "{urn:xmpp:pubsub-caching:0}consistent-items": "0" }],
] as const) {
  test(`a node of a service that ${what} is not kept, and explain says why`, async (t) => {
    const w = await world(t, { metadata }, 3);
    t.is((await w.cache.sync(w.account, w.address)).state, "ignored");
    await t.throwsAsync(w.cached(), { instanceOf: NotFoundError });
    t.is((await w.cache.getItems(w.account, w.address)).source, "service");
    const { reasons } = await w.cache.explain(w.account, w.address);
    t.regex(reasons[0] ?? "", /^It is not kept: its .*XEP-0460/);
  });
}

test("payloads that were not sent are asked for by their ids, those together that come together", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  const asked = askedFromNow(w);
  const all = gate();
  w.service.before = () => all.opened;
  for (let i = 0; i < 30; i++) {
    w.service.publish(`new${i}`);
    await w.event(`<items node="feed"><item id="new${i}"/></items>`);
  }
  all.open();
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
  t.true(asked.filter((what) => what === "items").length <= 2, asked.join());
  t.false(asked.includes("disco#items"), "the node was not looked at as a whole");
});

test("an item that was taken back before it could be asked for does not come", async (t) => {
  const w = await world(t, {}, 1);
  await w.cache.sync(w.account, w.address);
  w.service.publish("a");
  w.service.after = async (what) => {
    if (what !== "items") return;
    w.service.after = () => {};
    w.service.retract("a");
    await w.event('<items node="feed"><retract id="a"/></items>');
  };
  await w.event('<items node="feed"><item id="a"/></items>');
  await w.cache.idle();
  t.deepEqual(await w.cached(), ["i0"]);
});

test("after a purge the item that survived is found", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  w.service.items = w.service.items.slice(-1);
  await w.event('<purge node="feed"/>');
  await w.cache.idle();
  t.deepEqual(await w.cached(), ["i2"]);
});

test("a deletion tells where the node has gone", async (t) => {
  const w = await world(t, {}, 1);
  await w.cache.sync(w.account, w.address);
  await w.event('<delete node="feed"><redirect uri="xmpp:new.larder.test?;node=feed"/></delete>');
  const { events } = await w.store.events.since(await w.store.events.oldest(), { limit: 10 });
  t.is(events.at(-1)?.data.redirect, "xmpp:new.larder.test?;node=feed");
});

test("an item that is sent again after an absence of which nobody knew makes the node be looked at", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  w.service.publish("missed");
  w.service.publish("last");
  const delayed = w.service.delayedEvent(`<items node="feed">${w.service.itemXml("last")}</items>`);
  await w.cache.handleMessage(w.account, delayed);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
});

test("who ends a subscription is not subscribed again by the cache, which then goes by the age of its copy", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  t.is(await w.cache.unsubscribe(w.account, w.address), "none");
  const asked = askedFromNow(w);
  await w.cache.sync(w.account, w.address);
  t.false(asked.includes("subscribe"));
  t.is((await w.cache.getItems(w.account, w.address)).source, "cache");
  const { id } = await nodeOf(w);
  await w.store.nodes.update(id, { lastCheck: new Date(Date.now() - 300_001) });
  t.is((await w.cache.getItems(w.account, w.address)).source, "service");
  t.is(await w.cache.subscribe(w.account, w.address), "subscribed");
});

test("purging takes nodes out, or the older items of nodes, which are then asked of the service", async (t) => {
  const w = await world(t, {}, 4);
  await w.cache.sync(w.account, w.address);
  const cut = new Date(Date.now() + 1);
  while (Date.now() <= cut.getTime()) await new Promise((resolve) => setImmediate(resolve));
  w.service.publish("young");
  await w.event(`<items node="feed">${w.service.itemXml("young")}</items>`);
  t.is(await w.cache.purge({ services: ["other.larder.test"] }), 0);
  t.is(await w.cache.purge({ nodes: ["feed"], createdBefore: cut }), 4);
  t.deepEqual(await w.cached(), ["young"]);
  t.is((await w.cache.getItems(w.account, { ...w.address, maxItems: 1 })).source, "cache");
  t.is((await w.cache.getItems(w.account, w.address)).source, "service");
  t.is(await w.cache.purge({ types: ["example"], subtypes: [null] }), 1);
  await t.throwsAsync(w.cached(), { instanceOf: NotFoundError });
});

test("after a reset the cache fills again as if new, also where a synchronisation was running", async (t) => {
  const w = await world(t, { cap: 20 }, 100);
  w.service.after = async (what, times) => {
    if (what === "items" && times === 3) await w.cache.reset();
  };
  await t.throwsAsync(w.cache.sync(w.account, w.address), { instanceOf: NotFoundError });
  t.deepEqual(await w.cache.nodes(), []);
  w.service.after = () => {};
  await w.cache.getItems(w.account, w.address);
  await w.cache.idle();
  t.deepEqual(await w.cached(), w.service.ids);
});

test("explain tells of nodes that are not kept what would happen to them", async (t) => {
  const w = await world(t, { namespace: "urn:other" }, 1);
  const reason = async () => (await w.cache.explain(w.account, w.address)).reasons[0] ?? "";
  t.regex(await reason(), /nothing of it was read since the start/);
  await w.cache.getItems(w.account, w.address);
  t.regex(await reason(), /No analyser is for its name or for payloads in urn:other/);
});

test("an analyser is told what the service says the items are", async (t) => {
  const types: (string | undefined)[] = [];
  const onMatch: Analyser["onMatch"] = (analysis, { nodeType }) => {
    types.push(nodeType);
    return { ...analysis, subtype: nodeType };
  };
  const options = { analysers: [{ ...analyser, onMatch }] };
  const w = await world(t, { metadata: { "pubsub#type": "urn:example:gallery" } }, 2, options);
  t.is((await w.cache.sync(w.account, w.address)).subtype, "urn:example:gallery");
  t.deepEqual(types, ["urn:example:gallery"]);
});

test("a service that fails to list subscriptions does not make us forget those at it", async (t) => {
  const w = await world(t, {}, 2);
  const other = { accountId: w.account.id, service: w.address.service, node: "other", state: "subscribed" };
  await w.store.subscriptions.put(other);
  w.service.before = (what) => {
    if (what === "subscriptions") throw new StanzaError("remote-server-not-found");
  };
  const asked = askedFromNow(w);
  await w.cache.sync(w.account, w.address);
  await w.cache.sync(w.account, w.address);
  t.deepEqual(await w.store.subscriptions.find(w.account.id, other.service, other.node), [
    { ...other, subid: undefined },
  ]);
  t.is(asked.filter((what) => what === "subscribe").length, 1, "asked to subscribe once a session");
});

test("what is to be looked at while the connection is lost is looked at when it goes on", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  w.account.connected = false;
  w.service.items = w.service.items.slice(-1);
  await w.event('<purge node="feed"/>');
  await w.cache.idle();
  t.deepEqual(await w.cached(), []);
  w.account.connected = true;
  await w.cache.sessionResumed(w.account);
  await w.cache.idle();
  t.deepEqual(await w.cached(), ["i2"]);
});

for (const [what, effort, found] of [
  ["small enough is read whole", { overwriteBytesPerDay: 0 }, true],
  ["within the day's budget is read whole", { readWholeBytes: 0 }, true],
  ["beyond both is not", { readWholeBytes: 0, overwriteBytesPerDay: 5000 }, false],
] as const) {
  test(`after an absence a node ${what}, to find what was overwritten in its place`, async (t) => {
    const w = await world(t, { paging: "ejabberd", metadata: TELLS_ALL }, 100, { effort });
    await w.cache.sync(w.account, w.address);
    await absent(w, () => w.service.publish("i5", "hidden"));
    t.deepEqual(await w.told(), found ? ["catchup items i5"] : []);
    const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i5"] });
    t.deepEqual(items[0]?.parsed, { title: found ? "hidden" : "text of i5" });
  });
}

test("a node whose service keeps no items, as the answer to a read says, is not tried again", async (t) => {
  const w = await world(t, {}, 1);
  w.service.before = (what) => {
    if (what === "items")
      throw new StanzaError("feature-not-implemented", {
        errorType: "cancel",
        applicationCondition: "unsupported",
      });
  };
  await t.throwsAsync(w.cache.sync(w.account, w.address));
  const node = await nodeOf(w);
  t.like(node, { state: "ignored", nextCheck: undefined, failures: 0 });
  const { reasons } = await w.cache.explain(w.account, w.address);
  t.regex(reasons[0] ?? "", /keeps no items/);
  w.service.before = () => {};
  t.is((await w.cache.sync(w.account, w.address)).state, "synced", "whoever asks for it may find another");
});

for (const own of [true, false])
  test(`what ${own ? "we publish" : "is notified"} before a new session has begun for the cache hides nothing that was missed`, async (t) => {
    const w = await world(t, { paging: "none" }, 30);
    await w.cache.sync(w.account, w.address);
    w.account.connected = false;
    await w.cache.sessionEnded(w.account);
    w.service.publish("i7", "missed");
    w.account.connected = true;
    const read = await w.cache.getItems(w.account, { ...w.address, itemIds: ["i7"] });
    t.is(read.source, "service");
    const payload = parseTrustedXml('<entry xmlns="urn:example:entry">new</entry>');
    if (own) await publishItem(w.cache.writer(w.account), { ...w.address, id: "i12", payload });
    else {
      w.service.publish("i12", "new");
      await w.event(`<items node="feed">${w.service.itemXml("i12", "new")}</items>`);
    }
    await w.cache.sessionStarted(w.account);
    await w.cache.idle();
    t.deepEqual(await w.cached(), w.service.ids);
    t.true((await w.told()).includes("live items i12"));
    t.is(await w.state(), "synced");
  });

test("a session that goes on has missed nothing: its copies are used at once", async (t) => {
  const w = await world(t, { paging: "none" }, 3);
  await w.cache.sync(w.account, w.address);
  await w.cache.sessionEnded(w.account);
  t.is((await w.cache.getItems(w.account, w.address)).source, "service");
  await w.cache.idle();
  await w.cache.sessionResumed(w.account);
  t.is((await w.cache.getItems(w.account, w.address)).source, "cache");
});

test("an item published again as it was, between two absences, does not hide what was missed in the first", async (t) => {
  const w = await world(t, { paging: "none" }, 30);
  await w.cache.sync(w.account, w.address);
  w.account.connected = false;
  w.service.publish("i7", "missed");
  w.account.connected = true;
  w.service.before = () => {
    throw new NotConnectedError(w.account.jid);
  };
  await w.cache.sessionStarted(w.account); // and is lost before anything was answered
  for (const id of ["i12", "i12"]) {
    w.service.publish(id);
    await w.event(`<items node="feed">${w.service.itemXml(id)}</items>`);
  }
  await w.cache.idle();
  w.service.before = () => {};
  await absent(w, () => {});
  t.deepEqual(await w.cached(), w.service.ids);
  t.deepEqual(await w.told(), ["catchup items i7"]);
});

for (const [what, happens] of [
  [
    "an earlier session has answered",
    async (w: World) => {
      await w.cache.sessionEnded(w.account);
      w.service.retract("i3");
      await w.cache.sessionStarted(w.account);
    },
  ],
] as const)
  test(`a copy does not count as up to date by what ${what}`, async (t) => {
    const w = await world(t, { paging: "none" }, 30);
    await w.cache.sync(w.account, w.address);
    const states: Promise<NodeRecord>[] = [];
    let done = false;
    w.service.after = async (name) => {
      if (name !== "items" || done) return;
      done = true;
      await happens(w);
      w.store.database.onCommit(() => states.push(nodeOf(w)));
    };
    await absent(w, () => w.service.publish("new"));
    t.deepEqual(await w.cached(), w.service.ids);
    for (const { state, items } of await Promise.all(states)) t.false(state === "synced" && items !== 30);
  });

test("a synchronisation asked for in the first moments of a session waits for its beginning, and is not done twice", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sessionEnded(w.account); // as before every session
  const synced = w.cache.sync(w.account, w.address);
  t.is(await Promise.race([synced, delay(200, "waits")]), "waits");
  await w.cache.sessionStarted(w.account);
  t.like(await synced, { state: "synced" });
  t.is((await w.cache.getItems(w.account, w.address)).source, "cache");
});
