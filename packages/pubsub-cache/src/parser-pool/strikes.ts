/** A parser that brings down workers again and again. */
export interface SuspendedParser {
  /** Absent where the items of nodes without a parser did it. */
  readonly module?: string;
  readonly version: string;
  /** When it gets another chance, ISO 8601 UTC. */
  readonly until: string;
}

type ParserId = { readonly module?: string | undefined; readonly version: string };

/** Counts lost workers for each parser, and suspends it when there are too many. */
export class Strikes {
  readonly #losses = new Map<string, { readonly id: ParserId; times: number[] }>();

  /**
   * @param limit how many workers a parser may bring down within `periodMs`
   * @param periodMs a loss is forgotten after this time; suspension ends when enough of them are
   */
  constructor(
    private readonly limit: number,
    private readonly periodMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** A worker was lost to this parser. Returns whether that suspends it. */
  add(id: ParserId): boolean {
    const key = this.#key(id);
    const entry = this.#losses.get(key) ?? { id, times: [] };
    entry.times = [...this.#recent(entry.times), this.now()];
    this.#losses.set(key, entry);
    return entry.times.length >= this.limit;
  }

  /** Until when it is suspended; undefined where it is not. */
  suspendedUntil(id: ParserId): Date | undefined {
    const times = this.#recent(this.#losses.get(this.#key(id))?.times ?? []);
    const last = times.at(-1);
    if (last === undefined || times.length < this.limit) return undefined;
    // The limit-th loss from the end has to grow old; then one more strike suspends again.
    const deciding = times.at(-this.limit) ?? last;
    return new Date(deciding + this.periodMs);
  }

  /** All that are suspended now. */
  get suspended(): SuspendedParser[] {
    return [...this.#losses.values()].flatMap(({ id }) => {
      const until = this.suspendedUntil(id);
      return until ? [{ module: id.module, version: id.version, until: until.toISOString() }] : [];
    });
  }

  #key({ module, version }: ParserId): string {
    return JSON.stringify([module, version]);
  }

  #recent(times: readonly number[]): number[] {
    const oldest = this.now() - this.periodMs;
    return times.filter((time) => time > oldest);
  }
}
