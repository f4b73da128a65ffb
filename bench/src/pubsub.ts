// What the cache costs and saves, against a real Prosody on this machine: node bench/dist/pubsub.js [posts] [runs]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNode, getItems, parseTrustedXml, publishItem, Session } from "@larder/core";
import { builtInAnalysers, ParserPool, PubsubCache } from "@larder/pubsub-cache";
import { createStore, Database } from "@larder/storage";
import { makeFeed, startProsody } from "@larder/testing";

const posts = Number(process.argv[2] ?? 2000);
const runs = Number(process.argv[3] ?? 5);
const node = "bench";

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Median and spread of several runs, in milliseconds. */
async function measure(
  count: number,
  work: () => Promise<unknown>,
): Promise<{ median: number; text: string }> {
  const times: number[] = [];
  for (let run = 0; run < count; run++) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  const [low, middle, high] = [Math.min(...times), median(times), Math.max(...times)];
  return { median: middle, text: `${low.toFixed(1)} / ${middle.toFixed(1)} / ${high.toFixed(1)} ms` };
}

await using server = await startProsody({ users: { alice: "alice" } });
const directory = await mkdtemp(join(tmpdir(), "larder-bench-"));
await using session = new Session({
  jid: `alice@${server.domain}`,
  password: async () => "alice",
  service: server.service,
  ca: server.ca,
});
await session.connect();
const service = server.pubsub;
await createNode(session, {
  service,
  node,
  config: { "pubsub#access_model": "open", "pubsub#max_items": "50000" },
});
const feed = makeFeed({ count: posts, service, node, author: { name: "Alice", jid: session.account } });
await Promise.all(
  feed.map(({ id, payload }) =>
    publishItem(session, { service, node, id, payload: parseTrustedXml(payload) }),
  ),
);

const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
const store = createStore(database);
await using pool = new ParserPool();
const cache = new PubsubCache({ store, pool, analysers: builtInAnalysers });
const record = await store.accounts.add({
  jid: session.account,
  autoConnect: false,
  tls: "required",
  allowPlaintext: false,
});
const account = { id: record.id, jid: record.jid, requester: session, online: () => true };

const bare = await measure(runs, () => getItems(session, { service, node }));
const first = await measure(1, () => cache.sync(account, { service, node }));
const again = await measure(runs, () => cache.sync(account, { service, node }));
const page = { service, node, maxItems: 20 };
const fromService = await measure(runs * 10, () => cache.getItems(account, page, { useCache: false }));
const fromCache = await measure(runs * 10, () => cache.getItems(account, page));
const search = await measure(runs * 10, () => cache.search({ fts: "bread", limit: 20 }));

console.log(`${posts} posts of ${Math.round(feed.reduce((sum, { payload }) => sum + payload.length, 0) / posts)} characters; min / median / max

read all, keep nothing      ${bare.text}
first synchronisation       ${first.text}   ${(first.median / bare.median).toFixed(2)} times reading
synchronising again         ${again.text}   ${(again.median / bare.median).toFixed(2)} times reading
newest 20 from the service  ${fromService.text}
newest 20 from the cache    ${fromCache.text}   ${(fromService.median / fromCache.median).toFixed(1)} times faster
full-text search, 20        ${search.text}`);

await database.close();
await rm(directory, { recursive: true, force: true });
