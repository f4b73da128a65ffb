import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTrustedXml } from "@larder/core";
import {
  type Analyser,
  type CacheAccount,
  type ItemParser,
  PubsubCache,
  type PubsubCacheOptions,
  type ReadAnswer,
} from "@larder/pubsub-cache";
import { createStore, Database, type Store } from "@larder/storage";
import type { ExecutionContext } from "ava";
import { type Behaviour, FakeService } from "./fake-service.js";

export const analyser: Analyser = {
  name: "example",
  type: "example",
  namespace: "urn:example:entry",
  toSync: true,
  parser: "file:///parser.js",
};

/** Parses in this thread: the payload's text becomes the title. */
export const fakePool: ItemParser = {
  parse: async (_parser, batch) =>
    batch.map(({ xml }) => ({
      ok: true,
      json: JSON.stringify({ title: parseTrustedXml(xml).getChildElements()[0]?.text() }),
    })),
};

export interface World {
  readonly store: Store;
  readonly cache: PubsubCache;
  readonly service: FakeService;
  readonly account: CacheAccount & { connected: boolean };
  readonly address: { service: string; node: string };
  readonly failures: unknown[];
  /** Applies an event as the session would hand it over. */
  event(children: string, from?: string): Promise<boolean>;
  /** Ids that the cache alone gives, oldest first. */
  cached(): Promise<string[]>;
  state(): Promise<string | undefined>;
  /** What was told: event and ids, of either origin. */
  told(): Promise<string[]>;
}

/** A cache over a real database in a temporary file, in front of a scripted service. */
export async function world(
  t: ExecutionContext,
  behaviour: Partial<Behaviour> = {},
  count = 0,
  options: Partial<PubsubCacheOptions> = {},
): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "larder-cache-"));
  const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
  const store = createStore(database);
  const failures: unknown[] = [];
  const cache = new PubsubCache({
    store,
    pool: fakePool,
    analysers: [analyser],
    onBackgroundError: (error) => failures.push(error),
    ...options,
  });
  t.teardown(async () => {
    await cache.idle();
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });
  const { id } = await store.accounts.add({
    jid: "alice@larder.test",
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const service = new FakeService(behaviour, count);
  const address = { service: service.service, node: service.node };
  const account = {
    id,
    jid: service.account,
    requester: service,
    connected: true,
    online: () => account.connected,
  };
  return {
    store,
    cache,
    service,
    account,
    address,
    failures,
    event: (children, from) => cache.handleMessage(account, service.event(children, from)),
    cached: async () => idsOf(await cache.getCached(account, address)),
    state: async () => (await store.nodes.find({ accountId: id, ...address }))?.state,
    async told() {
      const { events } = await store.events.since(await store.events.oldest(), { limit: 1000 });
      return events
        .filter(({ signal }) => signal === "ps_event")
        .map(({ data }) => [data.origin, data.event, ...((data.ids as string[]) ?? [])].join(" "));
    },
  };
}

export const idsOf = ({ items }: ReadAnswer): string[] => items.map(({ id }) => id);

/** A promise and how to keep it. */
export function gate<T = void>(): { opened: Promise<T>; open: (value: T | PromiseLike<T>) => void } {
  let open: (value: T | PromiseLike<T>) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
