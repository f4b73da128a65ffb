import { PriorityLimiter } from "./priority-limiter.js";

/** What is done with nodes in the background or for somebody: one thing at a time for a node, so many for an account. */
export class Jobs<Result> {
  readonly #running = new Map<string, Promise<Result>>();
  readonly #following = new Map<string, Promise<Result>>();
  readonly #promote = new Map<string, () => void>();
  readonly #limiters = new Map<number, PriorityLimiter>();
  readonly #perAccount: number;
  #stopped: Error | undefined;

  constructor(perAccount: number) {
    this.#perAccount = perAccount;
  }

  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  /**
   * Runs a job, or joins the one that runs or waits under this key.
   *
   * @param options.after do not join one that may have passed what has changed, but follow it
   * @param options.urgent somebody waits for it: it does not queue behind the others
   */
  run(
    key: string,
    accountId: number,
    job: () => Promise<Result>,
    options: { after?: boolean; urgent?: boolean } = {},
  ): Promise<Result> {
    const running = this.#running.get(key);
    if (running && options.after) return this.#follow(running, key, accountId, job, options);
    if (running) {
      if (options.urgent) this.#promote.get(key)?.();
      return running;
    }
    const ended = (options.urgent ? job() : this.#queued(key, accountId, job)).finally(() => {
      this.#running.delete(key);
      this.#promote.delete(key);
    });
    this.#running.set(key, ended);
    return ended;
  }

  /** The job in its turn, or at once when somebody comes who waits for it. */
  #queued(key: string, accountId: number, job: () => Promise<Result>): Promise<Result> {
    let started: Promise<Result> | undefined;
    const start = () => {
      started ??= this.#stopped ? Promise.reject(this.#stopped) : job();
      return started;
    };
    const promoted = new Promise<void>((resolve) => this.#promote.set(key, resolve)).then(start);
    const inTurn = this.#limiter(accountId).run("later", start);
    inTurn.catch(() => {}); // where it was promoted, nobody looks at this one
    return Promise.race([inTurn, promoted]);
  }

  #follow(
    running: Promise<Result>,
    key: string,
    accountId: number,
    job: () => Promise<Result>,
    options: { urgent?: boolean },
  ): Promise<Result> {
    const following = this.#following.get(key);
    if (following) return following;
    const next = running
      .catch(() => {})
      .then(() => {
        this.#following.delete(key);
        return this.run(key, accountId, job, { urgent: options.urgent });
      });
    this.#following.set(key, next);
    return next;
  }

  /** What waits for its turn does not begin any more, and fails with this. */
  stop(reason: Error): void {
    this.#stopped = reason;
  }

  /** How many run now, or wait for their turn. */
  get running(): number {
    return this.#running.size;
  }

  /** Resolves when no job runs or waits any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0 || this.#following.size > 0)
      await Promise.allSettled([...this.#running.values(), ...this.#following.values()]);
  }

  #limiter(accountId: number): PriorityLimiter {
    let limiter = this.#limiters.get(accountId);
    if (!limiter) {
      limiter = new PriorityLimiter(this.#perAccount);
      this.#limiters.set(accountId, limiter);
    }
    return limiter;
  }
}
