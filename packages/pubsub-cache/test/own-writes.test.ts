import {
  configureNode,
  deleteNode,
  NotFoundError,
  parseTrustedXml,
  publishItem,
  purgeNode,
  RequestTimeoutError,
  retractItem,
} from "@larder/core";
import test from "ava";
import { idsOf, type World, world } from "./support.js";

const entry = (text: string) => parseTrustedXml(`<entry xmlns="urn:example:entry">${text}</entry>`);

interface Change {
  readonly name: string;
  readonly make: (w: World) => Promise<unknown>;
  /** The notification of it. */
  readonly event: (w: World) => string;
  readonly told: readonly string[];
}

const changes: readonly Change[] = [
  {
    name: "publish",
    make: ({ cache, account, address }) =>
      publishItem(cache.writer(account), { ...address, id: "a", payload: entry("mine") }),
    event: ({ service }) => `<items node="feed">${service.notifiedXml("a", "mine")}</items>`,
    told: ["live items a"],
  },
  {
    name: "overwriting publish",
    make: ({ cache, account, address }) =>
      publishItem(cache.writer(account), { ...address, id: "i1", payload: entry("mine") }),
    event: ({ service }) => `<items node="feed">${service.notifiedXml("i1", "mine")}</items>`,
    told: ["live items i1"],
  },
  {
    name: "retract",
    make: ({ cache, account, address }) =>
      retractItem(cache.writer(account), { ...address, id: "i1", notify: false }),
    event: () => '<items node="feed"><retract id="i1"/></items>',
    told: ["live retract i1"],
  },
  {
    name: "purge",
    make: ({ cache, account, address }) => purgeNode(cache.writer(account), address.service, address.node),
    event: () => '<purge node="feed"/>',
    told: ["live purge"],
  },
  {
    name: "configuration",
    make: ({ cache, account, address }) =>
      configureNode(cache.writer(account), { ...address, config: { "pubsub#title": "t" } }),
    event: () => '<configuration node="feed"/>',
    told: ["live configuration"],
  },
];

for (const { name, make, event, told } of changes)
  for (const paging of ["none", "ejabberd"] as const)
    for (const notified of ["before the answer", "after it", "never"] as const) {
      test(`a ${name} of ours, notified ${notified} by a service that pages by ${paging}, is there at once and told once`, async (t) => {
        const w = await world(t, { paging, publisher: "alice@larder.test" }, 3);
        const { cache, account, address, service } = w;
        await cache.sync(account, address);
        if (notified === "before the answer")
          service.after = async (what) => {
            service.after = () => {};
            if (!/publish|retract|purge|configure/.test(what)) return;
            await w.event(event(w));
          };
        await make(w);
        t.deepEqual(idsOf(await cache.getItems(account, address)), service.ids);
        if (notified === "after it") await w.event(event(w));
        await cache.idle();
        t.deepEqual(await w.told(), [...told]);
        t.deepEqual(await w.cached(), service.ids);
        t.is(await w.state(), "synced");
        t.is((await cache.getItems(account, address)).source, "cache");
      });
    }

for (const notified of ["before the answer", "after it", "never"] as const)
  test(`a node that we delete, notified ${notified}, is dropped and told once`, async (t) => {
    const w = await world(t, {}, 2);
    await w.cache.sync(w.account, w.address);
    if (notified === "before the answer")
      w.service.after = async (what) => {
        if (what === "delete") await w.event('<delete node="feed"/>');
      };
    await deleteNode(w.cache.writer(w.account), w.address.service, w.address.node);
    if (notified === "after it") await w.event('<delete node="feed"/>');
    await t.throwsAsync(w.cached(), { instanceOf: NotFoundError });
    t.deepEqual(await w.told(), ["live delete"]);
  });

test("an item whose id the service gives is there under that id", async (t) => {
  const w = await world(t, {}, 1);
  await w.cache.sync(w.account, w.address);
  const id = await publishItem(w.cache.writer(w.account), { ...w.address, payload: entry("mine") });
  t.deepEqual(await w.cached(), ["i0", id]);
  t.deepEqual(await w.told(), [`live items ${id}`]);
});

for (const { name, overtake, told } of [
  {
    name: "retracted",
    overtake: (w: World) => retractItem(w.cache.writer(w.account), { ...w.address, id: "a", notify: false }),
    told: ["live items a", "live retract a"],
  },
  {
    name: "overwritten",
    overtake: (w: World) =>
      publishItem(w.cache.writer(w.account), { ...w.address, id: "a", payload: entry("again") }),
    told: ["live items a", "live items a"],
  },
  {
    name: "purged",
    overtake: (w: World) => purgeNode(w.cache.writer(w.account), w.address.service, w.address.node),
    told: ["live items a", "live purge"],
  },
])
  test(`late notifications of an item that we have ${name} since neither bring it back nor tell it again`, async (t) => {
    const w = await world(t, { publisher: "alice@larder.test" }, 2);
    const { cache, account, address, service } = w;
    await cache.sync(account, address);
    await publishItem(cache.writer(account), { ...address, id: "a", payload: entry("mine") });
    const late = `<items node="feed">${service.notifiedXml("a", "mine")}</items>`;
    await overtake(w);
    for (let times = 0; times < 2; times++) {
      await w.event(late);
      t.deepEqual(idsOf(await cache.getItems(account, address)), service.ids);
      await cache.idle();
    }
    t.deepEqual(await w.told(), told);
    t.deepEqual(await w.cached(), service.ids);
    t.is(await w.state(), "synced");
  });

for (const { name, remove, event, told } of [
  {
    name: "retraction",
    remove: (w: World) => retractItem(w.cache.writer(w.account), { ...w.address, id: "i1", notify: true }),
    event: '<items node="feed"><retract id="i1"/></items>',
    told: ["live retract i1", "live items i1"],
  },
  {
    name: "purge",
    remove: (w: World) => purgeNode(w.cache.writer(w.account), w.address.service, w.address.node),
    event: '<purge node="feed"/>',
    told: ["live purge", "live items i1"],
  },
]) {
  test(`the late notification of a ${name} of ours does not take away what we have published again since`, async (t) => {
    const w = await world(t, { publisher: "alice@larder.test" }, 2);
    const { cache, account, address, service } = w;
    await cache.sync(account, address);
    await remove(w);
    await publishItem(cache.writer(account), { ...address, id: "i1", payload: entry("mine") });
    await w.event(event);
    t.deepEqual(idsOf(await cache.getItems(account, address)), service.ids);
    await cache.idle();
    t.deepEqual(await w.told(), told);
    t.deepEqual(await w.cached(), service.ids);
    t.is(await w.state(), "synced");
  });

  test(`a ${name} by somebody else, of what we have published again after one of ours, is found`, async (t) => {
    const w = await world(t, { publisher: "alice@larder.test" }, 2);
    const { cache, account, address, service } = w;
    await cache.sync(account, address);
    await remove(w); // its service does not notify us of it
    await publishItem(cache.writer(account), { ...address, id: "i1", payload: entry("mine") });
    service.retract("i1");
    await w.event(event);
    t.false(idsOf(await cache.getItems(account, address)).includes("i1"));
    await cache.idle();
    t.deepEqual(await w.told(), [...told, "catchup retract i1"]);
  });
}

test("what others publish and retract again after a retraction of ours is told", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  await retractItem(w.cache.writer(w.account), { ...w.address, id: "i1", notify: false });
  await w.event(`<items node="feed">${w.service.itemXml("i1")}</items>`);
  await w.event('<items node="feed"><retract id="i1"/></items>');
  t.deepEqual(await w.told(), ["live retract i1", "live items i1", "live retract i1"]);
});

test("where another's event came between our request and its answer, the copy is compared", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  w.service.after = async (what) => {
    if (what !== "publish") return;
    w.service.after = () => {};
    w.service.publish("i1", "theirs");
    await w.event(`<items node="feed">${w.service.itemXml("i1", "theirs")}</items>`);
  };
  await publishItem(w.cache.writer(w.account), { ...w.address, id: "i1", payload: entry("mine") });
  t.is((await w.cache.getItems(w.account, w.address)).source, "service");
  await w.cache.idle();
  const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i1"] });
  t.true(items[0]?.xml.includes("theirs"));
});

test("what nobody answered may have been done: the copy is stale until it is compared", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  w.service.after = (what) => {
    if (what === "publish") throw new RequestTimeoutError("no answer");
  };
  await t.throwsAsync(
    publishItem(w.cache.writer(w.account), { ...w.address, id: "a", payload: entry("mine") }),
  );
  t.is((await w.cache.getItems(w.account, w.address)).source, "service");
  await w.cache.idle();
  t.deepEqual(await w.cached(), ["i0", "i1", "a"]);
});

test("a refusal that contradicts the copy makes it be compared", async (t) => {
  const w = await world(t, {}, 2);
  await w.cache.sync(w.account, w.address);
  w.service.retract("i1");
  await t.throwsAsync(retractItem(w.cache.writer(w.account), { ...w.address, id: "i1", notify: true }));
  await w.cache.idle();
  t.deepEqual(await w.cached(), ["i0"]);
});

for (const notified of [true, false])
  test(`what others published before us is applied before our own, ${notified ? "also" : "unless"} notified of it in line`, async (t) => {
    const w = await world(t, { paging: "none" }, 5);
    await w.cache.sync(w.account, w.address);
    // Both have arrived, and wait in the session's lane while the answer passes them.
    w.service.publish("i1", "theirs");
    const theirs = w.service.event(`<items node="feed">${w.service.itemXml("i1", "theirs")}</items>`);
    w.cache.eventArrived(w.account, theirs);
    const done = publishItem(w.cache.writer(w.account), { ...w.address, id: "i3", payload: entry("mine") });
    const ours = w.service.event(`<items node="feed">${w.service.itemXml("i3", "mine")}</items>`);
    if (notified) w.cache.eventArrived(w.account, ours);
    await w.cache.handleMessage(w.account, theirs);
    if (notified) await w.cache.handleMessage(w.account, ours);
    await done;
    await w.cache.idle();
    t.deepEqual(await w.cached(), w.service.ids);
    t.is(await w.state(), "synced");
    t.deepEqual(await w.told(), ["live items i1", "live items i3"]);
  });
