import { InvalidParamsError, StanzaError } from "@larder/core";
import type { ReadAnswer } from "@larder/pubsub-cache";
import test from "ava";
import fc from "fast-check";
import type { Behaviour } from "./fake-service.js";
import { idsOf, type World, world } from "./support.js";

const kinds: [name: string, behaviour: Partial<Behaviour>][] = [
  ["a service that pages", {}],
  ["a service that forgets ids whose item is gone", { strictIds: true }],
  ["a service that ignores RSM", { paging: "none" }],
  ["a service with ejabberd's ways", { paging: "ejabberd" }],
  ["a service that gives less than is asked for", { cap: 3 }],
  ["a service that says nothing of the number", { cap: 3, count: () => undefined }],
  ["a service that says too many", { count: (real) => real + 5 }],
];

const read = (w: World, rsm: object, useCache: boolean) =>
  w.cache.getItems(w.account, { ...w.address, rsm }, { useCache });

/** Everything, page by page; `source` chooses for each page who answers. */
async function walk(
  w: World,
  direction: "after" | "before",
  max: number,
  source: (page: number) => boolean,
): Promise<string[]> {
  const pages: string[][] = [];
  let cursor: string | undefined = direction === "before" ? "" : undefined;
  for (let page = 0; page < 100; page++) {
    const answer: ReadAnswer = await read(
      w,
      { max, ...(cursor !== undefined && { [direction]: cursor }) },
      source(page),
    );
    pages.push(idsOf(answer));
    if (answer.complete) break;
    cursor = direction === "after" ? answer.rsm?.last : answer.rsm?.first;
    if (cursor === undefined) throw new Error("a page that is not complete has no cursor");
  }
  return (direction === "before" ? pages.reverse() : pages).flat();
}

for (const [kind, behaviour] of kinds) {
  test(`${kind}: the same pages forwards and backwards, whoever answers each`, async (t) => {
    const w = await world(t, behaviour, 17);
    await w.cache.sync(w.account, w.address);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("after" as const, "before" as const),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        async (direction, max, sources) => {
          const ids = await walk(w, direction, max, (page) => sources[page % sources.length] ?? true);
          t.deepEqual(ids, w.service.ids, JSON.stringify({ direction, max, sources }));
        },
      ),
      { numRuns: 40 },
    );
  });

  test(`${kind}: the newest come oldest first, from the service as from the cache`, async (t) => {
    const w = await world(t, behaviour, 9);
    await w.cache.sync(w.account, w.address);
    for (const useCache of [false, true]) {
      const request = { ...w.address, maxItems: 3 };
      t.deepEqual(idsOf(await w.cache.getItems(w.account, request, { useCache })), ["i6", "i7", "i8"]);
      t.deepEqual(idsOf(await read(w, { max: 3, before: "" }, useCache)), ["i6", "i7", "i8"]);
      t.deepEqual(idsOf(await w.cache.getItems(w.account, w.address, { useCache })), w.service.ids);
      const chosen = { ...w.address, itemIds: ["i5", "gone", "i2"] };
      t.deepEqual(idsOf(await w.cache.getItems(w.account, chosen, { useCache })), ["i5", "i2"]);
    }
  });

  test(`${kind}: a cursor is good after its item is gone`, async (t) => {
    const w = await world(t, behaviour, 12);
    for (const useCache of [false, true]) {
      if (useCache) await w.cache.sync(w.account, w.address);
      const page = await read(w, { max: 3 }, useCache);
      const last = w.service.ids[2] ?? "";
      const rest = w.service.ids.slice(3, 6);
      w.service.retract(last);
      if (useCache) await w.event(`<items node="feed"><retract id="${last}"/></items>`);
      t.deepEqual(idsOf(await read(w, { max: 3, after: page.rsm?.last }, useCache)), rest);
      const end = await read(w, { max: 3, before: "" }, useCache);
      const first = w.service.ids.at(-3) ?? "";
      const earlier = w.service.ids.slice(-6, -3);
      w.service.retract(first);
      if (useCache) await w.event(`<items node="feed"><retract id="${first}"/></items>`);
      t.deepEqual(idsOf(await read(w, { max: 3, before: end.rsm?.first }, useCache)), earlier);
    }
  });
}

test("a cursor of before a resynchronisation is good after it, also when its item went with it", async (t) => {
  const w = await world(t, {}, 20);
  await w.cache.sync(w.account, w.address);
  for (let round = 0; round < 30; round++) {
    w.service.retract("x"); // the service counts anew, and the cache's positions grow
    w.service.publish("x");
    await w.event(`<items node="feed">${w.service.itemXml("x", String(round))}</items>`);
  }
  await w.event('<items node="feed"><retract id="i0"/><retract id="i1"/></items>');
  w.service.retract("i0");
  w.service.retract("i1");
  const page = await read(w, { max: 3 }, true);
  t.deepEqual(idsOf(page), ["i2", "i3", "i4"]);
  const end = await read(w, { max: 1, before: "" }, true);
  w.service.retract("i4");
  w.service.retract("x");
  await w.cache.sync(w.account, w.address);
  t.deepEqual(idsOf(await read(w, { max: 2, after: page.rsm?.last }, true)), ["i5", "i6"]);
  t.deepEqual(idsOf(await read(w, { max: 2, before: end.rsm?.first }, true)), ["i18", "i19"]);
});

test("a page by its index begins there, also past the end", async (t) => {
  for (const [, behaviour] of kinds) {
    const w = await world(t, behaviour, 7);
    await w.cache.sync(w.account, w.address);
    for (const useCache of [false, true]) {
      const page = await read(w, { max: 2, index: 4 }, useCache);
      t.deepEqual(idsOf(page), ["i4", "i5"]);
      t.is(page.rsm?.index, 4);
      t.like(await read(w, { max: 2, index: 50 }, useCache), { items: [], complete: true });
    }
  }
});

test("indexes count on from page to page, whatever the service says of them", async (t) => {
  const w = await world(t, { paging: "ejabberd" }, 10);
  const first = await read(w, { max: 4 }, false);
  const second = await read(w, { max: 4, after: first.rsm?.last }, false);
  t.is(second.rsm?.index, 4);
  const back = await read(w, { max: 4, before: second.rsm?.first }, false);
  t.is(back.rsm?.index, 0);
  t.is((await read(w, { max: 4, before: "" }, false)).rsm?.index, 6);
});

test("fewer items than wanted are not all where the service stopped at a limit of its own", async (t) => {
  const w = await world(t, { cap: 3 }, 10);
  t.false((await read(w, { max: 5 }, false)).complete);
});

test("an error of the service that no cursor explains stays an error", async (t) => {
  const w = await world(t, {}, 3);
  w.service.before = () => {
    throw new StanzaError("item-not-found");
  };
  await t.throwsAsync(read(w, {}, false), { instanceOf: StanzaError });
  await t.throwsAsync(read(w, { after: await cursorOf(w) }, false), { instanceOf: StanzaError });
});

async function cursorOf(w: World): Promise<string | undefined> {
  const { before } = w.service;
  w.service.before = () => {};
  const page = await read(w, { max: 1 }, false);
  w.service.before = before;
  return page.rsm?.last;
}

test("what is no cursor of ours, and two selections at once, are refused", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  for (const useCache of [false, true]) {
    for (const text of ["i1", "", "eyJ9", "W10", "W251bGxd"]) {
      await t.throwsAsync(read(w, { after: text }, useCache), { instanceOf: InvalidParamsError }, text);
    }
    await t.throwsAsync(
      w.cache.getItems(w.account, { ...w.address, maxItems: 1, itemIds: ["i0"] }, { useCache }),
      { instanceOf: InvalidParamsError },
    );
  }
});

test("in the order of creation an overwritten item keeps its place", async (t) => {
  const w = await world(t, {}, 3);
  await w.cache.sync(w.account, w.address);
  await w.event(`<items node="feed">${w.service.itemXml("i0", "again")}</items>`);
  t.deepEqual(await w.cached(), ["i1", "i2", "i0"]);
  const byCreation = { ...w.address, orderBy: "creation" as const };
  t.deepEqual(idsOf(await w.cache.getCached(w.account, byCreation)), ["i0", "i1", "i2"]);
  t.deepEqual(idsOf(await w.cache.getCached(w.account, { ...byCreation, maxItems: 2 })), ["i1", "i2"]);
  const page = await w.cache.getCached(w.account, { ...byCreation, rsm: { max: 1 } });
  const next = await w.cache.getCached(w.account, { ...byCreation, rsm: { max: 1, after: page.rsm?.last } });
  t.deepEqual(idsOf(next), ["i1"]);
});
