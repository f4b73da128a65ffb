import test from "ava";
import fc from "fast-check";
import { gate, type World, world } from "./support.js";

const absent = async (w: World, work: () => void) => {
  w.account.connected = false;
  work();
  w.account.connected = true;
  await w.cache.sessionStarted(w.account);
  await w.cache.idle();
};

/** The content of an item at the service. */
const textOf = ({ service }: World, wanted: string) => service.items.find(({ id }) => id === wanted)?.text;

const behaviour = { keepsPlaces: false } as const;

for (const [kind, count, republished] of [
  ["an older item and then the newest", 10, ["i7", "i9"]],
  ["older items, and the newest between them", 10, ["i2", "i9", "i8"]],
  ["more than are looked at first, and then the newest", 60, [...Array(30).keys(), 59].map((n) => `i${n}`)],
  ["an old item of many and then the newest", 60, ["i3", "i59"]],
] as const) {
  test(`${kind}, published again as they were during an absence, stand as the service has them`, async (t) => {
    const w = await world(t, behaviour, count);
    await w.cache.sync(w.account, w.address);
    await absent(w, () => {
      for (const id of republished) w.service.publish(id);
    });
    t.deepEqual(await w.cached(), w.service.ids);
    t.deepEqual(await w.told(), [], "they say what they said");
  });
}

test("events of what a comparison has seen already, cut off by the session's end, leave the order as the service has it", async (t) => {
  const w = await world(t, behaviour, 10);
  await w.cache.sync(w.account, w.address);
  const again = ["i7", "i8", "i9", "i7", "i9"];
  await absent(w, () => {
    for (const id of again) w.service.publish(id);
  });
  for (const id of again.slice(0, 3)) await w.event(`<items node="feed">${w.service.itemXml(id)}</items>`);
  await absent(w, () => {});
  t.deepEqual(await w.cached(), w.service.ids);
});

test("whatever is published, published again and retracted between two comparisons, the order is the service's", async (t) => {
  const ids = fc.integer({ min: 0, max: 40 }).map((n) => `i${n}`);
  const step = fc.record({
    id: ids,
    what: fc.constantFrom("again", "again", "newest", "new", "retract", "tell"),
  });
  const seed = Date.now() & 0x7fffffff;
  t.log(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      async (absences) => {
        const w = await world(t, behaviour, 30);
        await w.cache.sync(w.account, w.address);
        let version = 0;
        for (const steps of absences) {
          await absent(w, () => {
            for (const { id: wanted, what } of steps) {
              const id = what === "newest" ? (w.service.ids.at(-1) ?? wanted) : wanted;
              if (what === "retract") w.service.retract(id);
              else if (what === "new") w.service.publish(id, `version ${++version}`);
              else if (what !== "tell") w.service.publish(id, textOf(w, id));
            }
          });
          t.deepEqual(await w.cached(), w.service.ids);
          for (const { id, what } of steps) {
            if (what !== "tell") continue;
            const text = textOf(w, id);
            w.service.publish(id, text);
            await w.event(`<items node="feed">${w.service.itemXml(id, text)}</items>`);
          }
          t.deepEqual(await w.cached(), w.service.ids);
        }
      },
    ),
    { seed, numRuns: 15 },
  );
});

for (const { title, paging, earlier, answers } of [
  { title: "a comparison", paging: "none", earlier: "compared", answers: 1 },
  { title: "a reading of what is kept", paging: "rsm", earlier: "read", answers: 1 },
  { title: "a reading of what is kept, at its third page,", paging: "rsm", earlier: "read", answers: 3 },
  { title: "a reading of what is kept, in one answer,", paging: "none", earlier: "read", answers: 1 },
  { title: "a first reading", paging: "rsm", earlier: "unknown", answers: 1 },
  { title: "a first reading, at its third page,", paging: "rsm", earlier: "unknown", answers: 3 },
  { title: "a first reading, in one answer,", paging: "none", earlier: "unknown", answers: 1 },
] as const) {
  test(`items published again as they were while ${title} is under way stand behind what it has found`, async (t) => {
    const w = await world(t, { ...behaviour, paging, cap: 4 }, 10);
    if (earlier !== "unknown") await w.cache.sync(w.account, w.address);
    w.service.asked.length = 0;
    let isUnderWay = true;
    w.service.after = async (what, times) => {
      if (what !== "items" || times !== answers) return;
      isUnderWay = false;
      for (const id of ["i8", "i3", "i2"]) {
        const text = textOf(w, id);
        w.service.publish(id, text);
        await w.event(`<items node="feed">${w.service.itemXml(id, text)}</items>`);
      }
    };
    if (earlier !== "compared") await w.cache.sync(w.account, w.address);
    else
      await absent(w, () => {
        for (const id of ["i8", "i7", "i3", "i6", "new"]) w.service.publish(id, `another ${id}`);
      });
    t.false(isUnderWay);
    t.deepEqual(await w.cached(), w.service.ids);
  });
}

test("an item sent again while a node is read first stays in its place where the service leaves it there", async (t) => {
  const w = await world(t, { paging: "ejabberd", cap: 4 }, 10);
  for (const when of [1, 2, 3, 4]) {
    await w.cache.purge({});
    w.service.after = async (what, times) => {
      if (what === "items" && times === when)
        await w.event(`<items node="feed">${w.service.itemXml("i2")}</items>`);
    };
    w.service.asked.length = 0;
    await w.cache.sync(w.account, w.address);
    t.deepEqual(await w.cached(), w.service.ids);
  }
});

for (const when of ["compared", "read"] as const)
  test(`an event of an earlier session that is handled late is not newer than what is ${when} in the next one`, async (t) => {
    const w = await world(t, { ...behaviour, hidesIds: when === "read" }, 10);
    await w.cache.sync(w.account, w.address);
    w.service.publish("i3", "old");
    const late = w.service.event(`<items node="feed">${w.service.itemXml("i3", "old")}</items>`);
    w.cache.eventArrived(w.account, late);
    await w.cache.sessionEnded(w.account);
    w.service.publish("i3", "new");
    w.service.publish("i4", "new");
    const { opened: handled, open } = gate<boolean>();
    w.service.after = (what) => {
      if (what !== "disco#info") return;
      w.service.after = () => {};
      setImmediate(() => open(w.cache.handleMessage(w.account, late)));
    };
    await w.cache.sessionStarted(w.account);
    t.true(await handled);
    await w.cache.idle();
    t.is(await w.state(), "synced");
    t.deepEqual(await w.cached(), w.service.ids);
    const { items } = await w.cache.getCached(w.account, { ...w.address, itemIds: ["i3"] });
    t.deepEqual(items[0]?.parsed, { title: "new" });
  });
