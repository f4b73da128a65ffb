import { Piscina } from "piscina";
import type { WorkerModule } from "./protocol.js";

/** What a parser's threads may use. */
export interface ThreadLimits {
  readonly maxThreads: number;
  readonly memoryMb: number;
  readonly idleMs: number;
}

/**
 * Worker threads, of their own for every parser: what one does to globals, prototypes or memory concerns no other.
 * None is started before there is work, and idle ones end.
 */
export class Threads {
  readonly #pools = new Map<string, Piscina>();

  /** @param onIdleError a thread failed between two tasks, by a timer that a parser left behind */
  constructor(
    private readonly limits: ThreadLimits,
    private readonly onIdleError: (error: Error) => void,
  ) {}

  /** How many there are now. */
  get count(): number {
    return [...this.#pools.values()].reduce((sum, { threads }) => sum + threads.length, 0);
  }

  /** Those of one parser. */
  of({ module, version }: WorkerModule): Piscina {
    const key = JSON.stringify([module, version]);
    const pool = this.#pools.get(key) ?? this.fresh();
    this.#pools.set(key, pool);
    return pool;
  }

  /** New ones in which nothing has been yet; the caller destroys them. */
  fresh(): Piscina {
    const { maxThreads, memoryMb, idleMs } = this.limits;
    const pool = new Piscina({
      filename: new URL("./parser-worker.js", import.meta.url).href,
      minThreads: 0,
      maxThreads,
      idleTimeout: idleMs,
      // A parser may come from anybody: what the process was started with, secrets among it, is not for it.
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 32 },
      recordTiming: false,
    });
    pool.on("error", this.onIdleError);
    return pool;
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}
