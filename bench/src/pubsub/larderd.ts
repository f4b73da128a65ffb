import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BridgeClient, type BridgeResult, instancePaths } from "@larder/core";
import { bridgeOf } from "../bridge-of.js";
import { Child } from "./child.js";
import { type BenchServer, PASSWORD } from "./server.js";

const PROGRAM = fileURLToPath(new URL("../../../apps/daemon/bin/larderd.cjs", import.meta.url));
const PRELOAD = new URL("./delay.preload.js", import.meta.url).href;

const BEGINNING_MS = 3000;

type CachedNode = BridgeResult<"ps_cache_nodes">["nodes"][number];

export type DelayQuestion = "begin" | "end";

/** How late the event loop of the main thread was, in milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Processor time of all threads of the process meanwhile, in milliseconds. */
  readonly cpuMs: number;
}

export interface LarderdOptions {
  /** What stands in larder.toml. */
  readonly configuration?: string;
  /** Another way to the server than straight to it. */
  readonly service?: string;
  /** Puts further files into its home before it starts. */
  readonly prepare?: (home: string) => Promise<void>;
}

/** The real program in a process of its own, with one account that is online. */
export class Larderd implements AsyncDisposable {
  readonly account: string;

  private constructor(
    readonly bridge: BridgeClient,
    private readonly bench: BenchServer,
    private readonly home: string,
    private readonly child: Child,
  ) {
    this.account = `alice@${bench.server.domain}`;
  }

  static async start(bench: BenchServer, options: LarderdOptions = {}): Promise<Larderd> {
    const home = await mkdtemp(join(tmpdir(), "larder-bench-"));
    await writeFile(
      join(home, "larder.toml"),
      `log.level = "${process.env.LARDER_BENCH_LOG ?? "warn"}"\n${options.configuration ?? ""}`,
    );
    await options.prepare?.(home);
    // For a profiler, for example.
    const more = process.env.LARDER_BENCH_NODE_ARGS?.split(" ").filter((word) => word !== "") ?? [];
    const daemon = spawn(process.execPath, ["--import", PRELOAD, ...more, PROGRAM], {
      env: { ...process.env, LARDER_HOME: home },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const bridge = await bridgeOf(
      instancePaths({ LARDER_HOME: home }).socket,
      () => daemon.exitCode !== null,
    );
    const larderd = new Larderd(bridge, bench, home, Child.of(daemon));
    const { caFile, service } = bench.server;
    const { account } = larderd;
    await bridge.call("account_add", {
      jid: account,
      password: PASSWORD,
      service: options.service ?? service,
      caFile,
      autoConnect: false,
    });
    await larderd.connect();
    // What a session begins with (roster, presence, a look at all nodes) is no part of a measurement; nothing tells its end.
    await sleep(BEGINNING_MS);
    return larderd;
  }

  async connect(): Promise<void> {
    await this.bridge.call("account_connect", { account: this.account });
  }

  async disconnect(): Promise<void> {
    await this.bridge.call("account_disconnect", { account: this.account });
  }

  /** How a node stands in the cache. */
  async node(name: string): Promise<CachedNode | undefined> {
    const { nodes } = await this.bridge.call("ps_cache_nodes", { nodes: [name] });
    return nodes[0];
  }

  /** When a node was last known to be up to date, if it is so now. */
  async lastCheck(node: string): Promise<string | undefined> {
    const { account, bridge } = this;
    const service = this.bench.server.pubsub;
    const { state, lastCheck } = await bridge.call("ps_cache_explain", { account, service, node });
    return state === "synced" ? lastCheck : undefined;
  }

  /** Waits for the check after that one; no signal tells that it is over. */
  async checkedAfter(node: string, before: string | undefined): Promise<void> {
    for (;;) {
      const now = await this.lastCheck(node);
      if (now !== undefined && now !== before) return;
      await sleep(20);
    }
  }

  /** Synchronises a node; in milliseconds. */
  async sync(node: string, expected: number): Promise<number> {
    const { account, bridge } = this;
    const service = this.bench.server.pubsub;
    const from = performance.now();
    await bridge.call("ps_cache_sync", { account, service, node });
    const ms = performance.now() - from;
    const found = await this.node(node);
    if (found?.items !== expected)
      throw new Error(`larderd holds ${found?.items} items of ${expected} (${found?.state})`);
    return ms;
  }

  /** As if nothing had been kept. */
  async reset(): Promise<void> {
    await this.bridge.call("ps_cache_reset", {});
  }

  /** Reads the newest 20 items; in milliseconds. */
  async read(node: string, useCache: boolean): Promise<number> {
    const { account, bridge } = this;
    const service = this.bench.server.pubsub;
    const from = performance.now();
    const { source, items } = await bridge.call("ps_items_get", {
      account,
      service,
      node,
      maxItems: 20,
      useCache,
    });
    const ms = performance.now() - from;
    if (source !== (useCache ? "cache" : "service") || items.length !== 20)
      throw new Error(`${items.length} items of the ${source}`);
    return ms;
  }

  /** How late the main thread's loop is while `work` is done. */
  async delayDuring(work: () => Promise<unknown>): Promise<LoopDelay> {
    await this.child.ask("begin" satisfies DelayQuestion);
    await work();
    return this.child.ask<LoopDelay>("end" satisfies DelayQuestion);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bridge.close();
    await this.child[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}
