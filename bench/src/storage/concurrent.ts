import { setTimeout as wait } from "node:timers/promises";
import { createStore, Database, type Store } from "@larder/storage";
import sql from "sql-template-tag";
import { Counters } from "./counters.js";
import { ONE_NODE, SERVICE } from "./fill.js";
import { report, Times } from "./measure.js";

const CLIENTS = 50;
/** A reader asks, and asks again after this time: a steady load, not as much as the machine can bear. */
const PAUSE_MS = 50;

interface Scene {
  readonly name: string;
  /** What runs beside readers and writers, again and again. */
  beside?(store: Store): Promise<unknown>;
}

/** Keeps one connection busy for some seconds. */
const slowRead = (store: Store) =>
  store.database.read(({ executor }) =>
    executor.all(
      sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000) SELECT count(*) AS n FROM n`,
    ),
  );

/** Holds the writer for a second, having written. */
const longWrite = (store: Store) =>
  store.database.write(async ({ executor }) => {
    await executor.run(sql`UPDATE setting SET value = value WHERE key LIKE 'bench.%'`);
    await wait(1000);
  });

const many = (count: number, work: (store: Store) => Promise<unknown>) => (store: Store) =>
  Promise.all(Array.from({ length: count }, () => work(store)));

const SCENES: readonly Scene[] = [
  { name: "alone" },
  { name: "beside a slow read", beside: slowRead },
  { name: "beside four slow reads", beside: many(4, slowRead) },
  { name: "beside a long write", beside: longWrite },
];

class Load {
  readonly reads = new Times();
  readonly writes = new Times();
  readonly failures = new Map<string, number>();
  readonly #until: number;

  constructor(milliseconds: number) {
    this.#until = performance.now() + milliseconds;
  }

  /** Does something again and again until the time is over. */
  async repeat(work: () => Promise<unknown>, times?: Times): Promise<void> {
    while (performance.now() < this.#until) {
      const from = performance.now();
      await work().catch((error: unknown) => this.#failed(error));
      times?.add(performance.now() - from);
      if (times) await wait(PAUSE_MS * (0.5 + Math.random()));
    }
  }

  #failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.failures.set(message, (this.failures.get(message) ?? 0) + 1);
  }
}

const percentiles = (times: Times) =>
  `${[0.5, 0.95, 0.99, 1].map((share) => times.at(share).toFixed(1)).join(" / ")} ms of ${times.count}`;

async function play(store: Store, nodeId: number, rows: number, scene: Scene, milliseconds: number) {
  const load = new Load(milliseconds);
  const counters = new Counters(store, CLIENTS / 5);
  await counters.reset();
  const clients = Array.from({ length: CLIENTS }, (_, client) =>
    client % 2 === 0
      ? load.repeat(() => counters.increment(client), load.writes)
      : load.repeat(
          () => store.items.byIds(nodeId, [`item-${Math.floor(Math.random() * rows)}`]),
          load.reads,
        ),
  );
  const beside = scene.beside;
  await Promise.all([...clients, ...(beside ? [load.repeat(() => beside(store))] : [])]);
  report(`reads ${scene.name}`, percentiles(load.reads), "target 50 ms at the 99th percentile");
  report(`  writes`, percentiles(load.writes));
  report("  lost updates", `${await counters.lost()} of ${counters.acknowledged}`, "target 0");
  const failures = [...load.failures].map(([message, count]) => `${count} x ${message}`).join("; ");
  report("  failures (SQLITE_BUSY, conflicts)", failures || "none", "target none");
  await counters.remove();
}

/** Readers and writers side by side: what is lost, what fails, and who waits for whom. */
export async function benchConcurrency(url: string, rows: number, seconds: number): Promise<void> {
  const { database } = await Database.open({ url });
  const store = createStore(database);
  const node = await store.nodes.find({ accountId: 1, service: SERVICE, node: ONE_NODE });
  if (!node) throw new Error("the measured node is not there");
  report(`${CLIENTS} readers and writers`, "median / 95 % / 99 % / max of each read and write");
  for (const scene of SCENES) await play(store, node.id, rows, scene, (seconds * 1000) / SCENES.length);
  await database.close();
}
