import { createStore, Database, type Store } from "@larder/storage";
import type { BareDriver } from "./bare.js";
import { authorOf, RARE } from "./data.js";
import { CONVERSATIONS, ONE_NODE, SERVICE, type Size } from "./fill.js";
import { statementsFor } from "./hand-written.js";
import { inTurns, report, reportRatio, Times } from "./measure.js";
import type { Target } from "./target.js";

const AUTHOR = ["author", "jid"] as const;

interface Pair {
  ours: () => Promise<unknown>;
  bare: () => Promise<unknown>;
}

/** What somebody would write by hand, and reads what was parsed as the repositories do. */
function handWritten(bare: BareDriver) {
  return async (statement: string, values: readonly unknown[]) => {
    const rows = await bare.all<{ parsed?: string }>(statement, values);
    return rows.map((row) => ({
      ...row,
      parsed: row.parsed ? (JSON.parse(row.parsed) as unknown) : undefined,
    }));
  };
}

function pages(
  store: Store,
  target: Target,
  bare: BareDriver,
  nodeId: number,
  rows: number,
): Record<string, Pair> {
  const query = handWritten(bare);
  const byHand = statementsFor(target.engine);
  const page = (after: number): Pair => ({
    ours: () => store.items.page(nodeId, { limit: 20, after }),
    bare: () => query(byHand.page, [nodeId, after]),
  });
  return {
    "page of 20, first": page(-1),
    "page of 20, middle": page(rows >> 1),
    "page of 20, last": page(rows - 21),
    "newest 20": {
      ours: () => store.items.page(nodeId, { limit: 20, newestFirst: true }),
      bare: () => query(byHand.newest, [nodeId]),
    },
  };
}

function searches(store: Store, target: Target, bare: BareDriver, rows: number): Record<string, Pair> {
  const query = handWritten(bare);
  const byHand = statementsFor(target.engine);
  const conversation = `contact${CONVERSATIONS >> 1}@larder.test`;
  const middle = 1.6e12 + (rows >> 1) * 1000;
  return {
    "full text, rare word, 20 results": {
      ours: () => store.itemSearch.search({ fts: RARE, limit: 20 }),
      bare: () => query(byHand.words, [byHand.match(RARE)]),
    },
    "full text, two frequent words, by rank": {
      ours: () =>
        store.itemSearch.search({
          fts: "bababa babake",
          limit: 20,
          orderBy: [{ order: "rank", direction: "desc" }],
        }),
      bare: () => query(byHand.ranked, [byHand.match("bababa", "babake")]),
    },
    "parsed field on an indexed path, 20 results": {
      ours: () =>
        store.itemSearch.search({
          parsed: [{ path: [...AUTHOR], op: "==", value: authorOf(7) }],
          limit: 20,
        }),
      bare: () => query(byHand.author, [authorOf(7)]),
    },
    "search of one node, default order, 20": {
      ours: () => store.itemSearch.search({ nodes: [ONE_NODE], services: [SERVICE], limit: 20 }),
      bare: () => query(byHand.node, [ONE_NODE, SERVICE]),
    },
    "history, newest 50 of a conversation": {
      ours: () => store.messages.history({ accountId: 1, conversation, limit: 50 }),
      bare: () => query(byHand.history, [conversation]),
    },
    "history, 50 before the middle": {
      ours: () => store.messages.history({ accountId: 1, conversation, before: new Date(middle), limit: 50 }),
      bare: () => query(byHand.before, [conversation, middle * 1000]),
    },
    "history, full text, rare word, 50": {
      ours: () => store.messages.history({ search: RARE, limit: 50 }),
      bare: () => query(byHand.said, [byHand.match(RARE)]),
    },
  };
}

/** Opens the database and asks it one thing: ready for work. */
async function openAndAsk(url: string): Promise<Database> {
  const { database } = await Database.open({ url });
  await createStore(database).accounts.list();
  return database;
}

/** Each side has the index that it would make. */
async function makeIndexes(target: Target): Promise<void> {
  const database = await openAndAsk(target.url);
  await database.pathIndexes.ensure([[...AUTHOR]]);
  await database.close();
  const bare = await target.bare();
  await bare.all(statementsFor(target.engine).index);
  // An index on an expression has no statistics yet, and PostgreSQL passes it over: that would flatter us.
  await bare.all("ANALYZE");
  await bare.close();
}

/** Pages in turns, each with its SQL: where one begins earlier than another, it would be measured on a colder server. */
async function comparePages(pairs: Record<string, Pair>, turns: number): Promise<void> {
  const names = Object.keys(pairs);
  const kinds = Object.entries(pairs).flatMap(([name, { ours, bare }]) => [
    [name, ours] as const,
    [`${name}, bare`, bare] as const,
  ]);
  const times: Record<string, Times> = await inTurns(turns * 3, Object.fromEntries(kinds));
  const of = (name: string) => times[name] ?? new Times();
  for (const name of names) reportRatio(name, of(name), of(`${name}, bare`), "");
  const medians = names.slice(0, 3).map((name) => of(name).at(0.5));
  report("  slowest page / fastest", (Math.max(...medians) / Math.min(...medians)).toFixed(2), "target 1.3");
}

/** Reading from a large database: each read beside its SQL written by hand. */
export async function benchReads(target: Target, { rows }: Size, turns: number): Promise<void> {
  await makeIndexes(target);
  let opened = await openAndAsk(target.url);
  const { opening } = await inTurns(turns, {
    closing: () => opened.close(),
    opening: async () => {
      opened = await openAndAsk(target.url);
    },
  });
  report("opening and being ready", String(opening), "target 1000 ms");
  const store = createStore(opened);
  const bare = await target.bare();
  const node = await store.nodes.find({ accountId: 1, service: SERVICE, node: ONE_NODE });
  if (!node) throw new Error("the measured node is not there");
  await comparePages(pages(store, target, bare, node.id, rows), turns);
  for (const [name, pair] of Object.entries(searches(store, target, bare, rows))) {
    const { ours, bare: byHand } = await inTurns(turns, pair);
    reportRatio(name, ours, byHand, "target 2");
  }
  await bare.close();
  await opened.close();
}
