import { monitorEventLoopDelay } from "node:perf_hooks";
import { threadId } from "node:worker_threads";
import { searchableText } from "@larder/pubsub-cache";
import { prepareItem } from "@larder/storage";
import { makeFeed } from "@larder/testing";
import test from "ava";
import {
  type ParseOutcome,
  type ParseRequest,
  ParserPool,
  ParserPoolClosedError,
  type ParserPoolOptions,
} from "../dist/parser-pool/index.js";

const fixture = (name: string) => ({
  module: new URL(`./fixtures/parsers/${name}.js`, import.meta.url).href,
  version: "1",
});
const tricky = fixture("tricky");

/** A batch with one item for each payload name; `name:text` gives the payload a text. */
function batch(...payloads: string[]): ParseRequest[] {
  return payloads.map((payload, index) => {
    const [name = "", text = ""] = payload.split(":");
    return {
      xml: `<item xmlns="http://jabber.org/protocol/pubsub" id="i${index}"><${name} xmlns="urn:example">${text}</${name}></item>`,
      service: "pubsub.larder.test",
      node: "n",
    };
  });
}

const values = (outcomes: readonly ParseOutcome[]) =>
  outcomes.map((outcome) => (outcome.ok ? JSON.parse(outcome.json) : outcome.error));
const kinds = (outcomes: readonly ParseOutcome[]) => outcomes.map(({ ok }) => ok);
// One after the other: threads that compete for two processors would make time limits a matter of luck.

/** One thread, so that all items of a test meet in it, and time enough where time is not the matter. */
const single = (options: ParserPoolOptions = {}) =>
  new ParserPool({ maxThreads: 1, timeoutMs: 60_000, ...options });

test.serial("items come back in their order, parsed outside this thread", async (t) => {
  await using pool = new ParserPool({ maxThreads: 2, timeoutMs: 60_000, batchSize: 3 });
  const outcomes = await pool.parse(tricky, batch(...Array.from({ length: 20 }, (_, i) => `plain:${i}`)));
  t.like(
    values(outcomes),
    Array.from({ length: 20 }, (_, i) => ({ id: `i${i}`, text: `${i}`, node: "n" })),
  );
  t.false(values(outcomes).some(({ thread }) => thread === threadId));
});

test.serial("async parsers that end in another order keep the batch's order", async (t) => {
  await using pool = new ParserPool({ maxThreads: 2, timeoutMs: 60_000, batchSize: 1 });
  const outcomes = await pool.parse(tricky, batch("later:80", "later:0", "later:40", "later:0"));
  t.deepEqual(values(outcomes), [{ id: "i0" }, { id: "i1" }, { id: "i2" }, { id: "i3" }]);
});

test.serial("a parser sees nothing of what the process was started with", async (t) => {
  process.env.LARDER_PASSWORD = "secret";
  t.teardown(() => delete process.env.LARDER_PASSWORD);
  await using pool = single();
  t.deepEqual(values(await pool.parse(tricky, batch("started-with"))), [{ env: [], argv: [], execArgv: [] }]);
});

test.serial(
  "a post with more words than a search looks through says so, and its tags are found all the same",
  async (t) => {
    await using pool = single();
    const atom = { module: new URL("../dist/parsers/atom-entry.js", import.meta.url).href, version: "1" };
    const entry = (words: number) => ({
      xml: `<item xmlns="http://jabber.org/protocol/pubsub" id="i"><entry xmlns="http://www.w3.org/2005/Atom"><updated>2024-05-01T10:00:00Z</updated><category term="needle"/><content>${"hay ".repeat(words)}</content></entry></item>`,
      service: "pubsub.larder.test",
      node: "n",
    });
    const [long, short] = await pool.parse(atom, [entry(20_000), entry(10)]);
    const notes = (outcome: ParseOutcome | undefined) =>
      outcome?.ok ? JSON.parse(outcome.json).notes : outcome?.error;
    t.deepEqual(notes(long), ["text: searches find the first 15,000 words alone"]);
    t.is(notes(short), undefined);
    t.regex(String(long?.prepared?.words), /^needle hay/);
  },
);

test.serial("an empty batch starts no thread", async (t) => {
  await using pool = single();
  t.deepEqual(await pool.parse(tricky, []), []);
  t.is(pool.stats.threads, 0);
});

test.serial("a parser that throws or rejects costs its item and no worker", async (t) => {
  await using pool = single();
  const outcomes = await pool.parse(tricky, batch("plain", "throw", "reject", "throw-odd", "plain"));
  t.deepEqual(kinds(outcomes), [true, false, false, false, true]);
  t.deepEqual(values(outcomes).slice(1, 4), [
    "no, not i1",
    "refused i2",
    "the parser failed without saying why",
  ]);
  t.like(pool.stats, { parsed: 2, failed: 3, lostWorkers: 0 });
});

test.serial("what is no item with a payload is an error of that item", async (t) => {
  await using pool = single();
  const [whole] = batch("plain");
  const broken = ["", "text", "<item", "<item/>", "<other/>", `<item xmlns="x" id="1"><a>`];
  const outcomes = await pool.parse(
    tricky,
    [...broken, whole?.xml ?? ""].map((xml) => ({ xml, service: "s.test", node: "n" })),
  );
  t.deepEqual(kinds(outcomes), [...broken.map(() => false), true]);
});

for (const [trick, reason] of [
  ["hang", /took longer than 400 ms/],
  ["never", /took longer than 400 ms/],
  ["memory", /out of memory/],
  ["buffers", /out of memory/],
  ["exit", /ended its worker: .*code: 0/],
] as const) {
  test.serial(`only the item that does "${trick}" is lost, and the batch keeps its order`, async (t) => {
    // A loaded machine must not make a slow start of the loop look like a hang, hence not less than 400 ms.
    await using pool = single({
      memoryMb: 32,
      growthMb: 200,
      timeoutMs: ["memory", "buffers"].includes(trick) ? 60_000 : 400,
    });
    const outcomes = await pool.parse(tricky, batch("plain:a", "plain:b", trick, "plain:c", "plain:d"));
    t.deepEqual(kinds(outcomes), [true, true, false, true, true]);
    t.deepEqual(
      values(outcomes).map((value) => value.text),
      ["a", "b", undefined, "c", "d"],
    );
    t.regex(values(outcomes)[2], reason);
    t.true(pool.stats.lostWorkers >= 1);
  });
}

test.serial("several that hang in one batch cost one timeout each", async (t) => {
  await using pool = single({ timeoutMs: 300 });
  const outcomes = await pool.parse(tricky, batch("hang", "plain", "hang", "plain", "hang"));
  t.deepEqual(kinds(outcomes), [false, true, false, true, false]);
  t.is(pool.stats.lostWorkers, 3);
});

test.serial("a failure that comes later is not blamed on an innocent item", async (t) => {
  await using pool = single();
  const outcomes = await pool.parse(tricky, batch("plain", "late-failure", "later:300", "plain"));
  t.deepEqual(kinds([outcomes[0], outcomes[2], outcomes[3]].filter((o) => o !== undefined)), [
    true,
    true,
    true,
  ]);
});

test.serial("a parser's own time limit counts before the pool's", async (t) => {
  await using pool = single();
  const start = performance.now();
  const [outcome] = await pool.parse({ ...tricky, timeoutMs: 300 }, batch("hang"));
  t.deepEqual(outcome, { ok: false, error: "the parser took longer than 300 ms" });
  t.true(performance.now() - start < 12_000, "it was not the limit for loading that ended it");
});

test.serial("the main thread goes on while a parser hangs", async (t) => {
  await using pool = single({ timeoutMs: 1000 });
  let beats = 0;
  const pulse = setInterval(() => beats++, 5);
  await pool.parse(tricky, batch("hang"));
  clearInterval(pulse);
  t.true(beats >= 10, `only ${beats} beats in a second`); // about 200 on an idle machine, 1 if it were blocked
});

test.serial("results that cannot be stored are errors: cycles, too much, nothing at all", async (t) => {
  await using pool = single();
  const outcomes = await pool.parse(tricky, batch("cycle", "huge", "many", "nothing", "plain"));
  t.deepEqual(values(outcomes).slice(0, 4), [
    "the result contains itself",
    "the result is larger than 1048576 bytes",
    "the result is larger than 1048576 bytes",
    "the parser returned nothing",
  ]);
  t.true(outcomes[4]?.ok);
  t.is(pool.stats.lostWorkers, 0);
});

test.serial("the size of a result is the pool's to choose", async (t) => {
  await using pool = single({ maxResultBytes: 30 });
  const outcomes = await pool.parse(tricky, batch("publisher", "plain"));
  t.deepEqual(kinds(outcomes), [true, false]);
});

test.serial("results are JSON that PostgreSQL takes", async (t) => {
  await using pool = single();
  const [outcome] = await pool.parse(tricky, batch("odd-text"));
  t.like(outcome, { ok: true, json: '{"ab":"xyz","nan":null}' });
});

test.serial("a parser that pollutes prototypes harms neither the main thread nor the results", async (t) => {
  await using pool = single();
  const outcomes = await pool.parse(tricky, batch("pollute", "plain:after"));
  t.deepEqual(values(outcomes)[0], { polluted: true });
  t.like(values(outcomes)[1], { id: "i1", text: "after", node: "n" });
  t.false("polluted" in {});
  t.false("polluted" in globalThis);
  t.deepEqual(
    [1].map((n) => n + 1),
    [2],
  );
});

test.serial("a module that cannot be loaded is an error of every item, and costs no worker", async (t) => {
  await using pool = single();
  for (const [name, reason] of [
    ["no-default", /no function as its default export/],
    ["fails-to-load", /does not want to be loaded/],
    ["is-not-there", /cannot be loaded: Cannot find module/],
  ] as const) {
    const outcomes = await pool.parse(fixture(name), batch("plain", "plain"));
    t.deepEqual(kinds(outcomes), [false, false]);
    t.regex(values(outcomes)[1], reason);
  }
  t.is(pool.stats.lostWorkers, 0);
});

test.serial("a new version loads the module anew, the same one does not", async (t) => {
  await using pool = single();
  const loaded = async (version: string) =>
    values(await pool.parse({ ...fixture("loaded"), version }, batch("plain")))[0].loading;
  const first = await loaded("1");
  t.is(await loaded("1"), first);
  t.not(await loaded("2"), first);
});

test.serial(
  "a parser that keeps bringing down workers is suspended, another version and others are not",
  async (t) => {
    const warnings: string[] = [];
    const log = { warn: (_: object, message: string) => warnings.push(message) };
    await using pool = single({ timeoutMs: 300, maxStrikes: 2, log });
    const outcomes = await pool.parse(tricky, batch("hang", "hang", "plain", "plain"));
    t.deepEqual(kinds(outcomes), [false, false, false, false]);
    t.like(outcomes[3], { ok: false, temporary: true });
    t.regex(values(outcomes)[3], /^the parser is suspended until /);
    t.is(outcomes[0] && "temporary" in outcomes[0], false);
    t.is(pool.stats.lostWorkers, 2);
    t.like(pool.stats.suspended[0], tricky);
    t.true(warnings.includes("the parser is suspended"));
    const again = await pool.parse(tricky, batch("plain"));
    t.like(again[0], { ok: false, temporary: true });
    t.deepEqual(kinds(await pool.parse({ ...tricky, version: "2" }, batch("plain"))), [true]);
  },
);

test.serial("an abort ends the work at once, also an endless loop", async (t) => {
  await using pool = single();
  const controller = new AbortController();
  const work = pool.parse(tricky, batch("hang"), { signal: controller.signal });
  const waiting = pool.parse(tricky, batch("plain"), { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("no longer wanted")), 200);
  await t.throwsAsync(work, { message: "no longer wanted" });
  await t.throwsAsync(waiting, { message: "no longer wanted" });
  await t.throwsAsync(pool.parse(tricky, batch("plain"), { signal: controller.signal }), {
    message: "no longer wanted",
  });
  t.deepEqual(kinds(await pool.parse(tricky, batch("plain"))), [true]);
  t.deepEqual(pool.stats.suspended, []);
});

test.serial("closing lets work that was taken end, and takes no more", async (t) => {
  const pool = single({ batchSize: 1 });
  const work = pool.parse(tricky, batch("later:50", "later:50", "plain"));
  const closed = pool.close({ graceMs: 60_000 });
  await t.throwsAsync(pool.parse(tricky, batch("plain")), { instanceOf: ParserPoolClosedError });
  await closed;
  t.deepEqual(kinds(await work), [true, true, true]);
  t.is(pool.stats.threads, 0);
});

test.serial("closing does not wait longer than its grace for a parser that hangs", async (t) => {
  const pool = single({ batchSize: 1 });
  const work = t.throwsAsync(pool.parse(tricky, batch("hang", "plain")), {
    instanceOf: ParserPoolClosedError,
  });
  const start = performance.now();
  await pool.close({ graceMs: 100 });
  t.true(performance.now() - start < 10_000);
  await work;
  await pool.close();
  t.is(pool.stats.threads, 0);
});

test.serial("idle threads end", async (t) => {
  await using pool = single({ idleMs: 10 });
  await pool.parse(tricky, batch("plain"));
  const deadline = Date.now() + 20_000; // the pool tells nobody when a thread ends
  while (pool.stats.threads > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(pool.stats.threads, 0);
});

test.serial("the microblog parser reads a feed in the pool", async (t) => {
  await using pool = new ParserPool({ maxThreads: 2, timeoutMs: 60_000 });
  const author = { name: "Alice", jid: "alice@larder.test" };
  const feed = makeFeed({ count: 200, service: "pubsub.larder.test", node: "blog", author });
  const outcomes = await pool.parse(
    { module: new URL("../dist/parsers/atom-entry.js", import.meta.url).href, version: "1" },
    feed.map(({ payload }, index) => ({
      xml: `<item xmlns="http://jabber.org/protocol/pubsub" id="${index}" publisher="alice@larder.test">${payload}</item>`,
      service: "pubsub.larder.test",
      node: "blog",
    })),
  );
  for (const [index, { oddity, published }] of feed.entries()) {
    const outcome = outcomes[index];
    t.is(outcome?.ok, oddity !== "wrong-date");
    if (outcome?.ok) {
      const parsed = JSON.parse(outcome.json);
      t.is(parsed.id, String(index));
      t.is(parsed.published, published);
      t.true(parsed.author.verified);
    }
  }
});

test.serial(
  "what one parser does to its globals and its memory does not reach another's threads",
  async (t) => {
    await using pool = single({ memoryMb: 32 });
    await pool.parse(tricky, batch("pollute"));
    const other = await pool.parse({ ...tricky, version: "2" }, batch("globals"));
    t.deepEqual(values(other), [{ polluted: false }]);
    t.deepEqual(
      values(await pool.parse(tricky, batch("globals"))),
      [{ polluted: true }],
      "its own it does reach",
    );
  },
);

test.serial(
  "results come with the folded data and the words that the store would make of them",
  async (t) => {
    await using pool = single();
    const items = batch("plain:Straße in Ulm", "throw:Ärger", "plain:東京");
    const outcomes = await pool.parse(tricky, items);
    for (const [index, outcome] of outcomes.entries()) {
      const json = outcome.ok ? outcome.json : undefined;
      const text = searchableText(items[index]?.xml ?? "", json === undefined ? undefined : JSON.parse(json));
      t.deepEqual(outcome.prepared, prepareItem(json, text));
    }
    t.is(outcomes[0]?.prepared?.words, "strasse in ulm");
    t.is(outcomes[1]?.prepared?.words, "arger", "also where the parser failed");
  },
);

test.serial("a toJSON on a prototype does not change what is folded beside it", async (t) => {
  await using pool = single();
  const [, outcome] = await pool.parse(tricky, batch("pollute", "plain:X"));
  t.like(JSON.parse(outcome?.prepared?.folded ?? ""), { id: "i1", text: "x" });
});

test.serial("items without a parser get their words in a thread, small ones at once", async (t) => {
  await using pool = single({ inlineBytes: 200 });
  t.deepEqual(await pool.prepare(batch("a:One Two")), [{ words: "one two" }]);
  t.is(pool.stats.threads, 0);
  const long = "word ".repeat(100);
  t.deepEqual(await pool.prepare(batch(`a:${long}`, "b:Zwei")), [{ words: long.trim() }, { words: "zwei" }]);
  t.is(pool.stats.threads, 1);
  t.deepEqual(await pool.prepare([{ xml: "<broken" }]), [undefined]);
});

test.serial("an inline parser runs in the main thread, with the same limits and errors", async (t) => {
  await using pool = single({ maxResultBytes: 1000 });
  const inline = { ...tricky, version: "inline", inline: true };
  const outcomes = await pool.parse(
    inline,
    batch("plain", "throw", "reject", "cycle", "huge", "nothing", "plain"),
  );
  t.deepEqual(kinds(outcomes), [true, false, false, false, false, false, true]);
  t.like(values(outcomes)[0], { thread: threadId });
  t.deepEqual(values(outcomes)[1], "no, not i1");
  t.is(pool.stats.threads, 0);
  t.like(pool.stats, { parsed: 2, failed: 5 });
  const missing = await pool.parse({ ...fixture("missing"), inline: true }, batch("plain"));
  t.regex(String(values(missing)[0]), /cannot be loaded/);
});

test.serial("a large item of an inline parser goes to a thread, and keeps its place", async (t) => {
  await using pool = single({ inlineBytes: 500 });
  const outcomes = await pool.parse(
    { ...tricky, inline: true },
    batch("plain:a", `plain:${"b".repeat(1000)}`, "plain:c", `plain:${"d".repeat(1000)}`),
  );
  t.deepEqual(
    values(outcomes).map(({ id, thread }) => [id, thread === threadId]),
    [
      ["i0", true],
      ["i1", false],
      ["i2", true],
      ["i3", false],
    ],
  );
});

test.serial("the main thread stays responsive while a parser burns 20 ms of CPU for each item", async (t) => {
  await using pool = new ParserPool({ timeoutMs: 60_000 });
  await pool.parse(tricky, batch("plain")); // the start of the thread is not what is measured
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await pool.parse(tricky, batch(...Array.from({ length: 100 }, () => "burn:20")));
  delay.disable();
  t.log(`p99 ${delay.percentile(99) / 1e6} ms, max ${delay.max / 1e6} ms`);
  t.true(delay.percentile(99) < 20e6, `${delay.percentile(99) / 1e6} ms at the 99th percentile`);
});
