import type { BridgeClient, BridgeResult } from "@larder/core";
import { makeFeed } from "@larder/testing";
import type { SignalWatch } from "./signals.js";
import { dim, heading, milliseconds, Progress, say, strong, timed } from "./tell.js";

type Item = BridgeResult<"ps_items_get">["items"][number];

export interface FeedPlace {
  readonly reader: string;
  readonly author: string;
  readonly service: string;
  readonly node: string;
}

const POSTS = 300;
/** Publishing at once as many as a server takes gladly. */
const AT_ONCE = 16;

const titleOf = (item: { id: string; parsed?: unknown }): string => {
  const title = (item.parsed as { title?: string } | undefined)?.title;
  return (title || item.id).replace(/[\u202a-\u202e\u2066-\u2069]/gu, ""); // these would reorder the line
};

async function side<T>(entries: readonly T[], work: (entry: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) await work(entry);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** The author fills a node on the server. */
export async function publishFeed(client: BridgeClient, place: FeedPlace): Promise<void> {
  const { author, service, node } = place;
  heading(`${author} publishes ${POSTS} posts in 13 languages to ${node} at ${service}`);
  await client.call("ps_node_create", {
    account: author,
    service,
    node,
    config: { "pubsub#access_model": "open", "pubsub#max_items": "10000", "pubsub#persist_items": "true" },
  });
  const posts = makeFeed({ count: POSTS, service, node, author: { name: "Bob", jid: author } });
  const progress = new Progress("published", POSTS);
  let done = 0;
  await side(posts, async ({ id, payload }) => {
    await client.call("ps_item_publish", { account: author, service, node, id, payload });
    progress.update(++done);
  });
  progress.end();
}

/** The first read goes to the service and starts the synchronisation, the second comes from the cache. */
export async function readTwice(
  client: BridgeClient,
  signals: SignalWatch,
  place: FeedPlace,
): Promise<{ service: number; cache: number }> {
  const { reader, service, node } = place;
  heading(`${reader} reads the newest 20: the first time`);
  const request = { account: reader, service, node, maxItems: 20 };
  const first = await timed(() => client.call("ps_items_get", request));
  say(
    `answered by the ${strong(first.result.source)} in ${strong(milliseconds(first.ms))}; Larder knows the kind of node and now fetches all of it`,
  );
  const progress = new Progress("synchronised", POSTS);
  for (;;) {
    const state = await signals.next("the synchronisation", ({ signal, params }) =>
      signal === "ps_cache_progress" && params.account === reader ? params : undefined,
    );
    progress.update(state.received);
    if (state.state === "error") throw new Error("the synchronisation failed");
    if (state.state === "synced") break;
  }
  progress.end();
  heading(`${reader} reads the same again`);
  const second = await timed(() => client.call("ps_items_get", request));
  say(
    `answered by the ${strong(second.result.source)} in ${strong(milliseconds(second.ms))}, the same ${second.result.items.length} items`,
  );
  const ids = (items: readonly Item[]) => items.map(({ id }) => id).join();
  if (second.result.source !== "cache" || ids(first.result.items) !== ids(second.result.items)) {
    throw new Error("cache and service do not agree");
  }
  return { service: first.ms, cache: second.ms };
}

/** Searches in the cache, by text and by what the parser found. */
export async function search(client: BridgeClient): Promise<void> {
  heading("Searching what is kept");
  for (const fts of ["bread NOT rye", "Brot OR хлеб", "面包"]) {
    const { result, ms } = await timed(() =>
      client.call("ps_cache_search", { fts, limit: 2, withTotal: true }),
    );
    say(
      `full text ${strong(fts)}: ${result.total} posts in ${milliseconds(ms)}  ${dim(result.items.map(titleOf).join(" · "))}`,
    );
  }
  const { result, ms } = await timed(() =>
    client.call("ps_cache_search", {
      parsed: [
        { path: ["lang"], op: "in", value: ["fr", "es"] },
        { path: ["tags"], op: "exists", value: true },
      ],
      orderBy: [{ path: ["published"], direction: "desc" }],
      limit: 2,
      withTotal: true,
    }),
  );
  say(
    `posts in French or Spanish, newest first: ${result.total} in ${milliseconds(ms)}  ${dim(result.items.map(titleOf).join(" · "))}`,
  );
}

const post = (title: string, id: string, when: Date) =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><content>${title}, said again.</content><id>tag:demo,${id}</id><published>${when.toISOString()}</published><updated>${new Date().toISOString()}</updated></entry>`;

/** The author writes, corrects and takes back; the reader hears of each and the cache follows. */
export async function followLive(
  client: BridgeClient,
  signals: SignalWatch,
  place: FeedPlace,
): Promise<void> {
  const { reader, author, service, node } = place;
  heading(`${author} publishes a post, corrects it and takes it back`);
  const id = "live-post";
  const when = new Date();
  const cached = async () =>
    (await client.call("ps_cache_get", { account: reader, service, node, itemIds: [id] })).items[0];
  const told = (event: string) =>
    signals.next(`the ${event} event`, ({ signal, params }) =>
      signal === "ps_event" && params.account === reader && params.event === event && params.ids?.includes(id)
        ? params
        : undefined,
    );
  for (const title of ["Fresh from the oven", "Fresh from the oven, corrected"]) {
    await client.call("ps_item_publish", {
      account: author,
      service,
      node,
      id,
      payload: post(title, id, when),
    });
    await told("items");
    const item = await cached();
    say(`${reader} was told at once; the cache has ${strong(item ? titleOf(item) : "nothing")}`);
    if (!item || titleOf(item) !== title) throw new Error("the cache did not follow");
  }
  await client.call("ps_item_retract", { account: author, service, node, id });
  await told("retract");
  if (await cached()) throw new Error("the cache still has what was retracted");
  say("and after the retraction nothing of it");
}
