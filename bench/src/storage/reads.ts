import { createStore, Database, type Store } from "@larder/storage";
import { type BareDriver, openBareSqlite, PRAGMAS } from "./bare.js";
import { authorOf, RARE } from "./data.js";
import { CONVERSATIONS, ONE_NODE, SERVICE, type Size } from "./fill.js";
import { inTurns, report, reportRatio, type Times } from "./measure.js";

const ITEM =
  "i.id, i.node_id, i.item_id, i.publisher, i.created, i.updated, i.date_source, i.xml, i.parsed, i.parse_error, i.position";
const FOUND = `${ITEM}, n.account_id, n.service, n.node`;

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

function pages(store: Store, bare: BareDriver, nodeId: number, rows: number): Record<string, Pair> {
  const query = handWritten(bare);
  const page = (after: number): Pair => ({
    ours: () => store.items.page(nodeId, { limit: 20, after }),
    bare: () =>
      query(
        `SELECT ${ITEM} FROM pubsub_item i WHERE node_id = ? AND position > ? ORDER BY position LIMIT 21`,
        [nodeId, after],
      ),
  });
  return {
    "page of 20, first": page(-1),
    "page of 20, middle": page(rows >> 1),
    "page of 20, last": page(rows - 21),
    "newest 20": {
      ours: () => store.items.page(nodeId, { limit: 20, newestFirst: true }),
      bare: () =>
        query(
          `SELECT ${ITEM} FROM pubsub_item i WHERE node_id = ? AND position >= 0 ORDER BY position DESC LIMIT 21`,
          [nodeId],
        ),
    },
  };
}

function searches(store: Store, bare: BareDriver, rows: number): Record<string, Pair> {
  const query = handWritten(bare);
  const conversation = `contact${CONVERSATIONS >> 1}@larder.test`;
  const middle = 1.6e12 + (rows >> 1) * 1000;
  return {
    "full text, rare word, 20 results": {
      ours: () => store.itemSearch.search({ fts: RARE, limit: 20 }),
      bare: () =>
        query(
          `SELECT ${FOUND} FROM pubsub_item_text_index f CROSS JOIN pubsub_item i ON i.id = f.rowid JOIN pubsub_node n ON n.id = i.node_id
           WHERE pubsub_item_text_index MATCH ? AND i.position >= 0 ORDER BY i.updated DESC, i.id LIMIT 20`,
          [RARE],
        ),
    },
    "full text, two frequent words, by rank": {
      ours: () =>
        store.itemSearch.search({
          fts: "bababa babake",
          limit: 20,
          orderBy: [{ order: "rank", direction: "desc" }],
        }),
      bare: () =>
        query(
          `SELECT ${FOUND} FROM (SELECT rowid FROM pubsub_item_text_index WHERE pubsub_item_text_index MATCH ? ORDER BY rank LIMIT 20) f
           CROSS JOIN pubsub_item i ON i.id = f.rowid JOIN pubsub_node n ON n.id = i.node_id`,
          ["bababa babake"],
        ),
    },
    "parsed field on an indexed path, 20 results": {
      ours: () =>
        store.itemSearch.search({
          parsed: [{ path: ["author", "jid"], op: "==", value: authorOf(7) }],
          limit: 20,
        }),
      bare: () =>
        query(
          `SELECT ${FOUND} FROM pubsub_item i INDEXED BY bench_author JOIN pubsub_node n ON n.id = i.node_id
           WHERE json_extract(i.parsed, '$.author.jid') = ? AND i.position >= 0 ORDER BY i.updated DESC, i.id LIMIT 20`,
          [authorOf(7)],
        ),
    },
    "search of one node, default order, 20": {
      ours: () => store.itemSearch.search({ nodes: [ONE_NODE], services: [SERVICE], limit: 20 }),
      bare: () =>
        query(
          `SELECT ${FOUND} FROM pubsub_item i JOIN pubsub_node n ON n.id = i.node_id
           WHERE n.node = ? AND n.service = ? AND i.position >= 0 ORDER BY i.updated DESC, i.id DESC LIMIT 20`,
          [ONE_NODE, SERVICE],
        ),
    },
    "history, newest 50 of a conversation": {
      ours: () => store.messages.history({ accountId: 1, conversation, limit: 50 }),
      bare: () =>
        query(
          `SELECT m.*, t.lang, t.text FROM (SELECT * FROM message WHERE account_id = 1 AND conversation = ? ORDER BY timestamp DESC, id DESC LIMIT 51) m
           LEFT JOIN message_text t ON t.message_id = m.id`,
          [conversation],
        ),
    },
    "history, 50 before the middle": {
      ours: () => store.messages.history({ accountId: 1, conversation, before: new Date(middle), limit: 50 }),
      bare: () =>
        query(
          `SELECT m.*, t.lang, t.text FROM (SELECT * FROM message WHERE account_id = 1 AND conversation = ? AND timestamp < ? ORDER BY timestamp DESC, id DESC LIMIT 51) m
           LEFT JOIN message_text t ON t.message_id = m.id`,
          [conversation, middle],
        ),
    },
    "history, full text, rare word, 50": {
      ours: () => store.messages.history({ search: RARE, limit: 50 }),
      bare: () =>
        query(
          `SELECT m.*, t.lang, t.text FROM (SELECT m.* FROM message_text_index f CROSS JOIN message m ON m.id = f.rowid
             WHERE message_text_index MATCH ? ORDER BY m.timestamp DESC, m.id DESC LIMIT 51) m
           LEFT JOIN message_text t ON t.message_id = m.id`,
          [RARE],
        ),
    },
  };
}

/** Opens the database and asks it one thing: ready for work. */
async function openAndAsk(file: string): Promise<Database> {
  const { database } = await Database.open({ url: `sqlite:${file}` });
  await createStore(database).accounts.list();
  return database;
}

async function benchOpening(file: string, turns: number): Promise<void> {
  const { opening } = await inTurns(turns, { opening: async () => (await openAndAsk(file)).close() });
  report("opening, being ready and closing", String(opening), "target 1000 ms for the first two");
}

/** Reading from a large database: each read beside its SQL written by hand. */
export async function benchReads(file: string, { rows }: Size, turns: number): Promise<void> {
  await benchOpening(file, turns);
  const index = await openBareSqlite(file);
  await index.all(
    "CREATE INDEX IF NOT EXISTS bench_author ON pubsub_item (json_extract(parsed, '$.author.jid'))",
  );
  await index.close();
  const database = await openAndAsk(file);
  const store = createStore(database);
  const bare = await openBareSqlite(file, `${PRAGMAS}; PRAGMA query_only = ON`);
  const node = await store.nodes.find({ accountId: 1, service: SERVICE, node: ONE_NODE });
  if (!node) throw new Error("the measured node is not there");
  const first: Times[] = [];
  for (const [name, pair] of Object.entries(pages(store, bare, node.id, rows))) {
    const { ours, bare: byHand } = await inTurns(turns, pair);
    first.push(ours);
    reportRatio(name, ours, byHand, "target 2");
  }
  const medians = first.slice(0, 3).map((times) => times.at(0.5));
  report("  slowest page / fastest", (Math.max(...medians) / Math.min(...medians)).toFixed(2), "target 1.3");
  for (const [name, pair] of Object.entries(searches(store, bare, rows))) {
    const { ours, bare: byHand } = await inTurns(turns, pair);
    reportRatio(name, ours, byHand, "target 2");
  }
  await bare.close();
  await database.close();
}
