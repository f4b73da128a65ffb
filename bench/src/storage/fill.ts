import { existsSync } from "node:fs";
import { rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { createStore, Database, indexedText, textOf } from "@larder/storage";
import type { BareDriver } from "./bare.js";
import { makeItem, prose, RARE } from "./data.js";
import { type EngineName, sqliteTarget, type Target } from "./target.js";

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
    folded: textOf(item.parsedJson)?.toLowerCase(),
    position,
    text: indexedText(item.text ?? ""),
  };
}

/** The statements that fill it, a JSON array of rows bound to each. */
function insertsFor(engine: EngineName) {
  const [rows, json, ordered] =
    engine === "sqlite"
      ? ["json_each(?)", (text: string) => text, "CROSS JOIN"]
      : [
          "jsonb_array_elements(CAST($1 AS jsonb)) AS value",
          (text: string) => `CAST(${text} AS jsonb)`,
          "JOIN",
        ];
  const number = (name: string) => `CAST(value->>'${name}' AS BIGINT)`;
  return {
    nodes: `INSERT INTO pubsub_node (account_id, service, node, type, state, subscribed, generation)
      SELECT 1, '${SERVICE}', value->>'node', 'blog', 'synced', FALSE, 1 FROM ${rows}`,
    items: `INSERT INTO pubsub_item (node_id, item_id, publisher, created, updated, date_source, xml, parsed, parsed_folded,
        parser, position, generation, search_text)
      SELECT ${number("nodeId")}, value->>'id', value->>'publisher', ${number("instant")}, ${number("instant")}, 'observed',
        value->>'xml', ${json("value->>'parsed'")}, ${json("value->>'folded'")}, 'bench@1', ${number("position")}, 1,
        value->>'text' FROM ${rows}`,
    messages: `INSERT INTO message (uid, account_id, conversation, direction, type, from_jid, to_jid, sender, wire_id,
        timestamp, position, received_at, search_text)
      SELECT value->>'uid', 1, value->>'with', 'in', 'chat', value->>'with', 'bench@larder.test', value->>'with',
        value->>'uid', ${number("instant")}, 1000 * ${number("instant")}, ${number("instant")}, value->>'text' FROM ${rows}`,
    texts: `INSERT INTO message_text (message_id, kind, lang, text)
      SELECT m.id, 'body', '', value->>'text' FROM ${rows} ${ordered} message m ON m.uid = value->>'uid'`,
    counts: `UPDATE pubsub_node SET items = (SELECT count(*) FROM pubsub_item i WHERE i.node_id = pubsub_node.id)`,
  };
}

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

async function fillWith(bare: BareDriver, engine: EngineName, { rows }: Size, nodeId: number): Promise<void> {
  const insert = insertsFor(engine);
  await bare.all(insert.nodes, [list(0, SPREAD, (n) => ({ node: `spread-${n}` }))]);
  const [first] = await bare.all<{ id: number }>("SELECT id FROM pubsub_node WHERE node = 'spread-0'");
  await batches("items in one node", rows, (from, to) =>
    bare.all(insert.items, [list(from, to, (n) => itemRow(n, nodeId, n, `item-${n}`))]),
  );
  await batches(`items over ${SPREAD} nodes`, rows, (from, to) =>
    bare.all(insert.items, [
      list(from, to, (n) =>
        itemRow(n + rows, Number(first?.id) + (n % SPREAD), Math.floor(n / SPREAD), `item-${n}`),
      ),
    ]),
  );
  await batches("messages", rows, async (from, to) => {
    const values = [list(from, to, messageRow)];
    await bare.all(insert.messages, values);
    await bare.all(insert.texts, values);
  });
  await bare.all(insert.counts);
}

/** Fills an empty database. */
export async function fill(target: Target, size: Size): Promise<void> {
  const { database } = await Database.open({ url: target.url });
  const store = createStore(database);
  const account = await store.accounts.add({
    jid: "bench@larder.test",
    autoConnect: false,
    tls: "required",
    allowPlaintext: false,
  });
  const node = await store.nodes.ensure({ accountId: account.id, service: SERVICE, node: ONE_NODE });
  await store.nodes.update(node.id, { type: "blog", state: "synced" });
  const bare = await target.builder();
  await fillWith(bare, target.engine, size, node.id);
  await bare.close();
  await database.vacuum(); // both engines know their tables then, as they do after a while of use
  await database.close();
}

/** The file of this size: filled once, then kept in its place for later runs. */
export async function filledFile(file: string, size: Size): Promise<Target> {
  if (existsSync(file)) return sqliteTarget(file);
  const disk = await statfs(dirname(file));
  const needed = size.rows * BYTES_PER_ROW;
  if (disk.bavail * disk.bsize < needed) {
    throw new Error(
      `${size.rows} rows need about ${Math.ceil(needed / 1e9)} GB in ${dirname(file)}; name another place with --directory`,
    );
  }
  const building = `${file}.building`;
  for (const suffix of ["", "-wal", "-shm"]) await rm(`${building}${suffix}`, { force: true });
  await fill(sqliteTarget(building), size);
  await rename(building, file);
  return sqliteTarget(file);
}
