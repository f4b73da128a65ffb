import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createNode,
  deleteNode,
  getItems,
  hasErrorType,
  parseTrustedXml,
  publishItem,
  purgeNode,
  retractItem,
  Session,
  type WireItem,
  xml,
} from "@larder/core";
import {
  type CacheAccount,
  type CacheEffort,
  type CacheTiming,
  microblogAnalyser,
  ParserPool,
  PubsubCache,
} from "@larder/pubsub-cache";
import { createStore, Database, type Store } from "@larder/storage";
import {
  type EjabberdServer,
  type ProsodyServer,
  startEjabberd,
  startProsody,
  startTcpProxy,
  type TcpProxy,
} from "@larder/testing";
import type { ExecutionContext } from "ava";

export const servers = ["prosody", "ejabberd"] as const;
export type ServerName = (typeof servers)[number];
export type RealServer = ProsodyServer | EjabberdServer;

const USERS = { alice: "alice", bob: "bob" };

/** For how long a lost session can be resumed: long enough for a cut, not for a whole test. */
export function startServer(name: ServerName, resumptionSeconds = 600): Promise<RealServer> {
  return name === "prosody"
    ? startProsody({ users: USERS, resumptionSeconds })
    : startEjabberd({ users: USERS, resumptionSeconds });
}

export const entry = (title: string): string =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><id>urn:x</id><link rel="alternate" href="https://a.example/" type="text/html" title="t" hreflang="en"/><updated>2026-01-01T00:00:00Z</updated></entry>`;

/** Who publishes: another account, with a session of its own. */
export class Publisher {
  constructor(
    readonly session: Session,
    readonly service: string,
    readonly node: string,
  ) {}

  get address() {
    return { service: this.service, node: this.node };
  }

  /** @param options.quiet without a word to subscribers when it is deleted, where the service knows to do that */
  create({ maxItems = 10_000, quiet = false } = {}): Promise<string> {
    const config = {
      "pubsub#access_model": "open",
      "pubsub#max_items": String(maxItems),
      "pubsub#notify_delete": quiet ? "0" : "1",
      "pubsub#notify_retract": "1",
    };
    return createNode(this.session, { ...this.address, config });
  }

  publish(id: string, title: string): Promise<string> {
    return publishItem(this.session, { ...this.address, id, payload: parseTrustedXml(entry(title)) });
  }

  publishXml(id: string, payload: string): Promise<string> {
    return publishItem(this.session, { ...this.address, id, payload: parseTrustedXml(payload) });
  }

  /** Resolves when its session is online. */
  online(): Promise<void> {
    return untilOnline(this.session);
  }

  async publishAll(count: number, prefix = "i"): Promise<void> {
    for (let start = 0; start < count; start += 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, count - start) }, (_, index) =>
          this.publish(`${prefix}${start + index}`, `first of ${start + index}`),
        ),
      );
    }
  }

  retract(id: string, notify = true): Promise<void> {
    return retractItem(this.session, { ...this.address, id, notify });
  }

  purge(): Promise<void> {
    return purgeNode(this.session, this.service, this.node);
  }

  delete(): Promise<void> {
    return deleteNode(this.session, this.service, this.node);
  }

  /** What the server has, oldest first; undefined where there is no such node. */
  async items(): Promise<readonly WireItem[] | undefined> {
    try {
      const found = new Map<string, WireItem>();
      let after: string | undefined;
      for (;;) {
        const { items, rsm } = await getItems(this.session, { ...this.address, rsm: { max: 500, after } });
        for (const item of items) found.set(item.id, item);
        if (rsm?.last === undefined || items.length === 0) return [...found.values()];
        after = rsm.last;
      }
    } catch (error) {
      if (hasErrorType(error) && error.type === "not_found") return undefined;
      throw error;
    }
  }
}

/** The cache of alice, in this process, over a database in a file. */
export class Reader {
  readonly #off: (() => void)[] = [];
  /** The cache knows of the session. */
  begun: Promise<void> = Promise.resolve();
  constructor(
    readonly session: Session,
    readonly store: Store,
    readonly cache: PubsubCache,
    readonly account: CacheAccount,
    readonly failures: unknown[],
  ) {
    session.onStanza(
      async (stanza) => {
        if (stanza.name === "message") await cache.handleMessage(account, stanza);
      },
      { lane: (stanza) => stanza.attrs.from ?? "" },
    );
    this.#off.push(
      session.on("online", ({ resumed }) => {
        const begun = resumed
          ? cache.sessionResumed(account)
          : session.send(xml("presence")).then(() => cache.sessionStarted(account));
        this.begun = begun.catch((error: unknown) => void failures.push(error));
      }),
    );
  }

  /** Resolves when the session is online again. */
  online(): Promise<void> {
    return untilOnline(this.session);
  }
}

async function untilOnline(session: Session): Promise<void> {
  if (session.state === "online") return;
  await new Promise<void>((resolve) => {
    const off = session.on("state", ({ state }) => {
      if (state !== "online") return;
      off();
      resolve();
    });
  });
}

export interface PlaceOptions {
  readonly server?: RealServer;
  readonly node?: string;
  readonly proxied?: boolean;
  readonly stanzaBytes?: number;
  readonly timing?: Partial<CacheTiming>;
  readonly effort?: Partial<CacheEffort>;
}

/** A server, a publisher, a reader with its cache, all gone after the test. */
export async function place(t: ExecutionContext, server: RealServer, options: PlaceOptions = {}) {
  const directory = await mkdtemp(join(tmpdir(), "larder-cache-"));
  const { database } = await Database.open({ url: `sqlite:${join(directory, "larder.db")}` });
  const store = createStore(database);
  const pool = new ParserPool();
  const failures: unknown[] = [];
  const cache = new PubsubCache({
    store,
    pool,
    analysers: [microblogAnalyser],
    onBackgroundError: (error) => failures.push(error),
    timing: { retryMs: 200, maxRetryMs: 1000, ...options.timing },
    effort: options.effort,
  });
  const proxy: TcpProxy | undefined = options.proxied
    ? await startTcpProxy({ port: server.port })
    : undefined;
  const sessionOf = (name: string, service: string) =>
    new Session({
      jid: `${name}@${server.domain}`,
      password: async () => name,
      service,
      ca: server.ca,
      backOff: { initialMs: 20, maxMs: 200 },
      limits: { stanzaBytes: options.stanzaBytes ?? 10 * 1024 * 1024 },
    });
  const publisherSession = sessionOf("bob", server.service);
  const readerSession = sessionOf("alice", proxy ? `xmpp://127.0.0.1:${proxy.port}` : server.service);
  const { id } = await store.accounts.add({
    jid: readerSession.account,
    autoConnect: true,
    tls: "required",
    allowPlaintext: false,
  });
  const account: CacheAccount = {
    id,
    jid: readerSession.account,
    requester: readerSession,
    online: () => readerSession.state === "online",
  };
  t.teardown(async () => {
    await readerSession.disconnect();
    await publisherSession.disconnect();
    await cache.close();
    await pool.close();
    await database.close();
    await proxy?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const node = options.node ?? `urn:xmpp:microblog:0/${++nodes}`;
  const publisher = new Publisher(publisherSession, server.pubsub, node);
  const reader = new Reader(readerSession, store, cache, account, failures);
  await Promise.all([publisherSession.connect(), readerSession.connect()]);
  await reader.begun;
  return { server, store, cache, account, publisher, reader, proxy, address: publisher.address };
}

let nodes = 0;

export type Place = Awaited<ReturnType<typeof place>>;

/** An item in few words, for comparing. */
const digest = ({ id, xml: text }: { id: string; xml: string }): string =>
  `${id} ${text.length < 1000 ? (/<title>([^<]*)/.exec(text)?.[1] ?? "") : createHash("sha1").update(text).digest("hex")}`;

/** What the cache has, oldest first; undefined where the node is not in it. */
export async function cachedItems({ cache, account, address }: Place): Promise<string[] | undefined> {
  try {
    return (await cache.getCached(account, address)).items.map(digest);
  } catch (error) {
    if (hasErrorType(error) && error.type === "not_found") return undefined;
    throw error;
  }
}

/** Waits until nothing is done in the background and says whether cache and server are equal, item for item, in order. */
export async function isEqual(t: ExecutionContext, at: Place, message = ""): Promise<void> {
  await at.cache.idle();
  t.deepEqual(await cachedItems(at), (await at.publisher.items())?.map(digest), message);
}

/** Ends the session of the reader in order, does something meanwhile, and waits until the node was looked at again. */
export async function whileOffline(at: Place, work: () => Promise<unknown>): Promise<void> {
  await at.reader.session.disconnect();
  await work();
  const before = Date.now();
  await at.reader.session.connect();
  await until(at, async () => {
    const node = await nodeOf(at);
    return node === undefined || (node.state === "synced" && (node.lastCheck?.getTime() ?? 0) >= before);
  });
}

/** Resolves as soon as a condition on the database holds, which is asked again with every commit. */
export async function until(at: Place, holds: () => Promise<boolean>): Promise<void> {
  let wake = () => {};
  const off = at.store.database.onCommit(() => wake());
  try {
    for (;;) {
      const committed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (await holds()) return;
      await committed;
    }
  } finally {
    off();
  }
}

/** The node as it is kept. */
export const nodeOf = (at: Place) => at.store.nodes.find({ accountId: at.account.id, ...at.address });

/** Resolves when the node is no longer in the cache. */
export const untilDropped = (at: Place): Promise<void> => until(at, async () => !(await nodeOf(at)));

/** Resolves when an item with this id is in the cache. */
export const heard = (at: Place, id: string): Promise<void> =>
  until(at, async () => {
    const node = await nodeOf(at);
    return node !== undefined && (await at.store.items.byIds(node.id, [id])).length > 0;
  });
