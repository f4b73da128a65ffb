import { parseTrustedXml } from "@larder/core";
import {
  type Analyser,
  AnalyserRegistry,
  type ItemParser,
  Reparser,
  type ReparserOptions,
} from "@larder/pubsub-cache";
import test from "ava";
import { analyser, gate, type World, world } from "./support.js";

/** Parses each item to its text and the version that did it. */
const versioned: ItemParser = {
  parse: async ({ version }, batch) =>
    batch.map(({ xml }) => ({
      ok: true,
      json: JSON.stringify({ title: `${parseTrustedXml(xml).getChildElements()[0]?.text()} ${version}` }),
    })),
};

const newer: Analyser = { ...analyser, parserVersion: "2" };

function reparser({ store }: World, options: Partial<ReparserOptions> & { analyser?: Analyser } = {}) {
  const { analyser: one = newer, ...rest } = options;
  return new Reparser({
    store,
    pool: versioned,
    analysers: new AnalyserRegistry([one]),
    pauseMs: 1,
    ...rest,
  });
}

async function synced(...[t, behaviour, count]: Parameters<typeof world>): Promise<World> {
  const at = await world(t, behaviour, count, { pool: versioned });
  await at.cache.sync(at.account, at.address);
  return at;
}

const titles = async ({ cache, account, address }: World) =>
  (await cache.getCached(account, address)).items.map(({ parsed }) => (parsed as { title: string }).title);

test("what an older version has parsed is parsed again at the next start, and told to nobody", async (t) => {
  const at = await synced(t, {}, 120);
  const told = await at.told();
  const before = (await at.cache.getCached(at.account, at.address)).items;
  await using parser = reparser(at);
  await parser.runInBackground();
  t.true((await titles(at)).every((title) => title.endsWith(" 2")));
  const after = (await at.cache.getCached(at.account, at.address)).items;
  t.deepEqual(
    after.map(({ id, updated, xml }) => ({ id, updated, xml })),
    before.map(({ id, updated, xml }) => ({ id, updated, xml })),
  );
  t.deepEqual(await at.told(), told);
});

test("what is right already is not parsed again, not even looked at", async (t) => {
  const at = await synced(t, {}, 10);
  const asked: number[] = [];
  const pool: ItemParser = {
    parse: (module, batch) => {
      asked.push(batch.length);
      return versioned.parse(module, batch);
    },
  };
  await reparser(at, { pool, analyser }).runInBackground();
  t.deepEqual(asked, [], "its version has parsed all of them");
  await reparser(at, { pool }).runInBackground();
  t.deepEqual(asked, [10]);
  at.store.parsing.items = () => Promise.reject(new Error("an item was looked at"));
  const warnings: unknown[] = [];
  const log = { info: () => {}, warn: (fields: object) => void warnings.push(fields) };
  await reparser(at, { pool, log }).runInBackground();
  t.deepEqual(warnings, []);
});

test("a run that was stopped is gone on with by the next, without doing its work again", async (t) => {
  const at = await synced(t, {}, 130);
  const parsed: string[] = [];
  const reached = gate();
  const pool: ItemParser = {
    parse: (module, batch) => {
      parsed.push(...batch.map(({ xml }) => xml));
      if (parsed.length >= 50) reached.open();
      return versioned.parse(module, batch);
    },
  };
  const first = reparser(at, { pool });
  const running = first.runInBackground();
  await reached.opened;
  await first.stop();
  await running;
  const then = parsed.length;
  t.true(then < 130, "it was stopped in the midst");
  await reparser(at, { pool }).runInBackground();
  t.is(parsed.length, 130);
  t.true((await titles(at)).every((title) => title.endsWith(" 2")));
});

test("while something more urgent runs nothing is parsed", async (t) => {
  const at = await synced(t, {}, 10);
  let busy = true;
  let looks = 0;
  const looked = gate();
  const parser = reparser(at, {
    isBusy: () => {
      if (++looks === 3) looked.open();
      return busy;
    },
  });
  const running = parser.runInBackground();
  await looked.opened;
  t.true((await titles(at)).every((title) => title.endsWith(" 1")));
  busy = false;
  await running;
  t.true((await titles(at)).every((title) => title.endsWith(" 2")));
});

test("a stop ends the waiting too", async (t) => {
  const at = await synced(t, {}, 10);
  const parser = reparser(at, { isBusy: () => true, pauseMs: 60_000 });
  const running = parser.runInBackground();
  await parser.stop();
  await running;
  t.true((await titles(at)).every((title) => title.endsWith(" 1")));
});

test("a parser that is suspended leaves the old data, and the next start tries again", async (t) => {
  const at = await synced(t, {}, 10);
  const suspended: ItemParser = {
    parse: async (_module, batch) => batch.map(() => ({ ok: false, error: "suspended", temporary: true })),
  };
  await reparser(at, { pool: suspended }).runInBackground();
  t.true((await titles(at)).every((title) => title.endsWith(" 1")));
  await reparser(at).runInBackground();
  t.true((await titles(at)).every((title) => title.endsWith(" 2")));
});

test("an analyser that has lost its parser leaves items unparsed, found by their text", async (t) => {
  const at = await synced(t, {}, 3);
  const { parser: _, ...without } = analyser;
  await reparser(at, { analyser: without }).runInBackground();
  t.deepEqual((await at.cache.getCached(at.account, at.address)).items[0]?.parsed, undefined);
  t.is((await at.cache.search({ fts: "text", limit: 10 })).items.length, 3);
});

test("whoever asks for it has everything that matches parsed again, whatever its version", async (t) => {
  const at = await synced(t, {}, 60);
  await using parser = reparser(at, { analyser });
  t.is(await parser.run({ nodes: ["other"] }), 0);
  t.is(await parser.run({ types: ["other"] }), 0);
  t.is(await parser.run({ nodes: [at.address.node], accountIds: [at.account.id] }), 60);
});

test("an item that its parser could not take when it was suspended counts as not parsed", async (t) => {
  let isSuspended = true;
  const pool: ItemParser = {
    parse: async (module, batch) =>
      isSuspended
        ? batch.map(() => ({ ok: false as const, error: "suspended", temporary: true as const }))
        : versioned.parse(module, batch),
  };
  const at = await world(t, {}, 3, { pool });
  await at.cache.sync(at.account, at.address);
  isSuspended = false;
  await reparser(at, { analyser }).runInBackground();
  t.true((await titles(at)).every((title) => title.endsWith(" 1")));
});
