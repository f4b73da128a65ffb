import { existsSync } from "node:fs";
import { rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { createStore, Database, indexedText } from "@larder/storage";
import { type BareDriver, openBareSqlite, PRAGMAS } from "./bare.js";
import { makeItem, prose, RARE } from "./data.js";

/** How large the database of a measurement is. */
export interface Size {
  /** Items in one node, as many again spread over {@link SPREAD} nodes, and as many messages. */
  readonly rows: number;
}

export const SPREAD = 1000;
const BATCH = 2000;
/** A row of each kind with its share of the indexes, measured; only to refuse a disk that is too small. */
const BYTES_PER_ROW = 12_000;

export const SERVICE = "pubsub.larder.test";
export const ONE_NODE = "all-in-one";
export const CONVERSATIONS = 200;

const numbers = "WITH RECURSIVE number(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2)";

async function batches(
  what: string,
  rows: number,
  write: (from: number, to: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < rows; from += BATCH) {
    const to = Math.min(rows, from + BATCH);
    await write(from, to);
    if (process.stderr.isTTY || to % (BATCH * 50) === 0 || to === rows)
      process.stderr.write(`  ${what}: ${to} of ${rows}\n`);
  }
}

/** What the repository stores for an item, without going through it: this is not what is measured. */
function itemRow(n: number, nodeId: number, position: number, id: string) {
  const item = makeItem(n);
  const instant = 1.7e12 + n;
  return {
    nodeId,
    id,
    publisher: item.publisher,
    instant,
    xml: item.xml,
    parsed: item.parsedJson,
    folded: item.parsedJson?.toLowerCase(),
    position,
    text: indexedText(item.text),
  };
}

const INSERT_ITEMS = `INSERT INTO pubsub_item (node_id, item_id, publisher, created, updated, date_source, xml, parsed,
    parsed_folded, parser, position, generation, search_text)
  SELECT value->>'nodeId', value->>'id', value->>'publisher', value->>'instant', value->>'instant', 'observed', value->>'xml',
    value->>'parsed', value->>'folded', 'bench@1', value->>'position', 1, value->>'text' FROM json_each(?1)`;

const INSERT_MESSAGES = `INSERT INTO message (uid, account_id, conversation, direction, type, from_jid, to_jid, sender, wire_id,
    timestamp, received_at, search_text)
  SELECT value->>'uid', 1, value->>'with', 'in', 'chat', value->>'with', 'bench@larder.test', value->>'with', value->>'uid',
    value->>'instant', value->>'instant', value->>'text' FROM json_each(?1)`;

const INSERT_TEXTS = `INSERT INTO message_text (message_id, kind, lang, text)
  SELECT m.id, 'body', '', value->>'text' FROM json_each(?1) CROSS JOIN message m ON m.uid = value->>'uid'`;

function messageRow(n: number) {
  const conversation = `contact${n % CONVERSATIONS}@larder.test`;
  return {
    uid: `message-${n}`,
    with: conversation,
    instant: 1.6e12 + n * 1000,
    text: `${prose(n, 12)}${n % 1000 === 500 ? ` ${RARE}` : ""}`,
  };
}

const list = <T>(from: number, to: number, make: (n: number) => T): string =>
  JSON.stringify(Array.from({ length: to - from }, (_, at) => make(from + at)));

async function fill(bare: BareDriver, { rows }: Size, nodeId: number): Promise<void> {
  await bare.all(
    `${numbers} INSERT INTO pubsub_node (account_id, service, node, type, state, subscribed, generation)
     SELECT 1, '${SERVICE}', 'spread-' || n, 'blog', 'synced', FALSE, 1 FROM number`,
    [0, SPREAD - 1],
  );
  const [first] = await bare.all<{ id: number }>("SELECT id FROM pubsub_node WHERE node = 'spread-0'");
  await batches("items in one node", rows, (from, to) =>
    bare.all(INSERT_ITEMS, [list(from, to, (n) => itemRow(n, nodeId, n, `item-${n}`))]),
  );
  await batches(`items over ${SPREAD} nodes`, rows, (from, to) =>
    bare.all(INSERT_ITEMS, [
      list(from, to, (n) =>
        itemRow(n + rows, Number(first?.id) + (n % SPREAD), Math.floor(n / SPREAD), `item-${n}`),
      ),
    ]),
  );
  await batches("messages", rows, async (from, to) => {
    const values = [list(from, to, messageRow)];
    await bare.all(INSERT_MESSAGES, values);
    await bare.all(INSERT_TEXTS, values);
  });
}

/** The database of this size: built once, then kept in its place for later runs. */
export async function filledFile(file: string, size: Size): Promise<void> {
  if (existsSync(file)) return;
  const disk = await statfs(dirname(file));
  const needed = size.rows * BYTES_PER_ROW;
  if (disk.bavail * disk.bsize < needed) {
    throw new Error(
      `${size.rows} rows need about ${Math.ceil(needed / 1e9)} GB in ${dirname(file)}; name another place with --directory`,
    );
  }
  const building = `${file}.building`;
  for (const suffix of ["", "-wal", "-shm"]) await rm(`${building}${suffix}`, { force: true });
  const { database } = await Database.open({ url: `sqlite:${building}` });
  const store = createStore(database);
  const account = await store.accounts.add({
    jid: "bench@larder.test",
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  const node = await store.nodes.ensure({ accountId: account.id, service: SERVICE, node: ONE_NODE });
  await store.nodes.update(node.id, { type: "blog", state: "synced" });
  await database.close();
  const bare = await openBareSqlite(
    building,
    `${PRAGMAS}; PRAGMA synchronous = OFF; PRAGMA secure_delete = OFF; PRAGMA cache_size = -200000`,
  );
  await fill(bare, size, node.id);
  await bare.all("PRAGMA wal_checkpoint(TRUNCATE)");
  await bare.close();
  await rename(building, file);
}
