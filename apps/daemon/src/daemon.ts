import { readFile } from "node:fs/promises";
import { ConflictError, hasErrorType, type InstancePaths, type SessionLog } from "@larder/core";
import { ArchiveSync, DisplayedMarks, MessageIntake, MessageSender } from "@larder/messages";
import { builtInAnalysers, ParserPool, PubsubCache, Reparser } from "@larder/pubsub-cache";
import { companionOf, ItemAttachments, Reactions } from "@larder/reactions";
import { createStore, Database, databaseLocation, holdDatabase, holdFile, type Store } from "@larder/storage";
import { AttachmentCounter } from "./accounts/attachment-counter.js";
import { AccountManager } from "./accounts/manager.js";
import type { AccountRuntime } from "./accounts/runtime.js";
import { createLineHandler } from "./bridge/rpc.js";
import { BridgeServer } from "./bridge/server.js";
import {
  type Configuration,
  cacheSettings,
  configuredAnalysers,
  sessionLimits,
  waitingLimits,
} from "./config.js";
import { openDigestKey } from "./digest-key.js";
import { prepareHome } from "./home.js";
import { methodHandlers } from "./methods/index.js";
import { SecretStore } from "./secrets.js";
import { ReactionViews } from "./views/reactions.js";

export interface DaemonOptions {
  readonly paths: InstancePaths;
  readonly config: Configuration;
  readonly log: SessionLog;
  /** Another daemon has taken the database over, or its file was moved away: this one has to end. */
  readonly onDatabaseLost: (error: Error) => void;
}

/** How long clients' running requests may take when the daemon stops. */
const BRIDGE_GRACE_MS = 1500;
const PRUNE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Name and version of this program. */
export async function daemonVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

/** One process owns an instance and a database: two would both log in, and answer for each other's writes. */
async function holdInstance(
  paths: InstancePaths,
  onLost: (error: Error) => void,
): Promise<{ release(): Promise<void> }> {
  const held: { release(): Promise<void> }[] = [];
  const release = async () => {
    for (const lock of held) await lock.release();
  };
  try {
    held.push(await holdFile(paths.lockFile));
    held.push(await holdDatabase(paths.databaseUrl, onLost));
    return { release };
  } catch (error) {
    await release();
    if (!hasErrorType(error) || error.type !== "conflict") throw error;
    const what =
      held.length === 0
        ? `the instance in ${paths.runtime}`
        : `the database ${databaseLocation(paths.databaseUrl)}`;
    throw new ConflictError(`a Larder daemon is running already on ${what}`, { cause: error });
  }
}

/** Everything of one instance, put together. */
export class Daemon {
  readonly #stops: (() => Promise<unknown> | unknown)[] = [];
  #events: Configuration["events"] | undefined;
  #prune: () => Promise<void> = async () => {};

  private constructor() {}

  /**
   * Opens the database (creating or migrating it), listens on the socket and starts to connect the
   * accounts.
   *
   * @throws {ConflictError} another daemon has this home or database
   * @throws {HomeNotUsableError} a directory cannot be written to
   * @throws {StorageError} the database cannot be used
   */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon();
    try {
      await daemon.#start(options);
      return daemon;
    } catch (error) {
      await daemon.stop();
      throw error;
    }
  }

  /** Ends in the reverse order of starting: first nothing new comes in, last the database closes. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #start({ paths, config, log, onDatabaseLost }: DaemonOptions): Promise<void> {
    for (const directory of await prepareHome(paths))
      log.warn({ directory }, "other users could write to this directory; now they cannot");
    const lock = await holdInstance(paths, onDatabaseLost);
    this.#stops.push(() => lock.release());

    const { database, migrated } = await Database.open({
      url: paths.databaseUrl,
      onProgress: (progress) => log.info({ ...progress }, "migrating the database"),
    });
    this.#stops.push(() => database.close());
    if (migrated.copy !== undefined)
      log.info({ copy: migrated.copy }, "the database was copied before it was migrated");
    const store = createStore(database, { waiting: waitingLimits(config) });
    const secrets = await SecretStore.open(paths.secretsFile);
    const digestKey = await openDigestKey(paths.digestKeyFile);

    const analysers = [...configuredAnalysers(config, paths.config), ...builtInAnalysers];
    await database.pathIndexes.ensure(
      analysers.flatMap(({ indexes }) => indexes ?? []),
      (path) => log.info({ path }, "making an index on parsed data"),
    );

    const pool = new ParserPool({ log });
    let reparser: Reparser | undefined;
    // After the pool, which a parser that hangs may keep until its grace ends.
    this.#stops.push(
      () => reparser?.stop(),
      () => pool[Symbol.asyncDispose](),
    );
    const cache = new PubsubCache({
      store,
      pool,
      ...cacheSettings(config),
      analysers,
      onBackgroundError: (err, address) => log.warn({ ...address, err }, "a synchronisation failed"),
    });
    const background = new Reparser({
      store,
      pool,
      analysers: cache.analysers,
      isBusy: () => cache.isSynchronising,
      log,
    });
    reparser = background;
    const sender = new MessageSender(store, {
      digestKey,
      onError: (err) => log.warn({ err }, "a message could not be sent"),
    });
    const reactions = new Reactions(store.reactionLedger, {
      onError: (err) => log.warn({ err }, "reactions could not be sent"),
    });
    const runtimeOf = (jid: string): AccountRuntime => accounts.resolve(jid);
    const intake = new MessageIntake(store, {
      digestKey,
      also: companionOf(reactions, runtimeOf),
      presentSince: (account, occupant) => runtimeOf(account.jid).messaging.rooms.presentSince(occupant),
    });
    const archives = new ArchiveSync(store, intake, {
      days: config.history.days,
      envelopes: (account) => runtimeOf(account.jid).messaging.envelopeOptions(),
      since: (account, archive) => runtimeOf(account.jid).messaging.presentSince(archive),
      onDropped: (account, archive, error) => runtimeOf(account.jid).messaging.archiveDropped(archive, error),
    });
    const services = {
      store,
      secrets,
      cache,
      sender,
      reactions,
      intake,
      archives,
      marks: new DisplayedMarks(store),
      log,
      limits: sessionLimits(config),
    };
    const accounts: AccountManager = new AccountManager(services, (change) =>
      this.#tell(bridge, accounts, "connection_state", { ...change }),
    );

    let droppedItems = 0;
    cache.on("dropped", ({ items, ...node }) => {
      droppedItems += items;
      log.warn({ ...node, items }, "items with too long an id were left out");
    });
    const version = await daemonVersion();
    const context = {
      store,
      accounts,
      sender,
      reactions,
      reactionViews: new ReactionViews(store),
      attachments: new ItemAttachments(),
      attachmentCounts: new AttachmentCounter(cache),
      cache,
      reparser: background,
      daemon: {
        version,
        connections: () => bridge.connections,
        parserPool: () => ({ ...pool.stats }),
        droppedItems: () => droppedItems,
      },
    };
    await accounts.load(); // before the first client asks for them
    const bridge = await BridgeServer.listen({
      path: paths.socket,
      handle: createLineHandler(methodHandlers, context, log),
      maxConnections: config.limits.connections,
      lineBytes: config.limits.lineBytes,
      onError: (err) => log.error({ err }, "the bridge cannot take a connection"),
    });
    cache.on("progress", (progress) => this.#tell(bridge, accounts, "ps_cache_progress", { ...progress }));
    const stopListening = database.onCommit(() => {
      for (const connection of bridge.all()) connection.subscription?.wake();
    });
    this.#stops.push(
      stopListening,
      () => cache.close(),
      () => accounts.stop(),
      () => void background.stop(),
      () => bridge.close(BRIDGE_GRACE_MS),
    );
    this.#events = config.events;
    this.#pruneRegularly(store, log);
    accounts.connectAll();
    void background.runInBackground();
    log.info({ version, socket: paths.socket, database: database.location }, "larderd is ready");
    if (accounts.all().length === 0) log.info({}, "there is no account yet: larder account add JID");
  }

  /** Takes over those settings of another configuration that need no restart. */
  reload(config: Configuration): void {
    this.#events = config.events;
    void this.#prune();
  }

  #pruneRegularly(store: Store, log: SessionLog): void {
    this.#prune = async () => {
      const { keepDays, keepCount } = this.#events ?? {};
      try {
        if (keepDays !== undefined)
          await store.events.prune({ before: new Date(Date.now() - keepDays * DAY_MS), keep: keepCount });
        await store.waiting.forgetExpired();
      } catch (err) {
        log.warn({ err }, "what is too old could not be removed");
      }
    };
    void this.#prune();
    const timer = setInterval(() => void this.#prune(), PRUNE_EVERY_MS);
    this.#stops.push(() => clearInterval(timer));
  }

  #tell(
    bridge: BridgeServer | undefined,
    accounts: AccountManager,
    signal: "connection_state" | "ps_cache_progress",
    params: Record<string, unknown> & { account: string },
  ): void {
    const id = accounts.idsOf([params.account])?.[0];
    for (const connection of bridge?.all() ?? []) connection.subscription?.tell(signal, id, params);
  }
}
