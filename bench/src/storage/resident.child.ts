// Opens the database, reads from it, and tells how much memory that took: see resident.ts
import { createStore, Database } from "@larder/storage";
import { RARE } from "./data.js";
import { CONVERSATIONS, ONE_NODE, SERVICE } from "./fill.js";
import type { Resident } from "./resident.js";

const ROUNDS = 200;

const [url = "", rows = "0"] = process.argv.slice(2);
const empty = process.memoryUsage.rss();
const { database } = await Database.open({ url });
const store = createStore(database);
const node = await store.nodes.find({ accountId: 1, service: SERVICE, node: ONE_NODE });
const opened = process.memoryUsage.rss();
for (let round = 0; round < ROUNDS; round++) {
  const after = Math.floor((Number(rows) * round) / ROUNDS);
  if (node) await store.items.page(node.id, { limit: 20, after });
  const conversation = `contact${round % CONVERSATIONS}@larder.test`;
  await store.messages.history({ accountId: 1, conversation, limit: 50 });
  await store.messages.history({ search: RARE, limit: 50 });
}
const told: Resident = { empty, opened, worked: process.memoryUsage.rss() };
process.send?.(told);
await database.close();
process.disconnect?.();
