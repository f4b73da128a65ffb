/** The longest time that a timer of Node takes. */
const LONGEST_MS = 2 ** 31 - 1;
/** Not more often than that, whatever the time asked for. */
const SHORTEST_MS = 200;

/** Runs a piece of work at the next instant that is asked for; one at a time. */
export class Wakeup {
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Wakes at this instant at the latest; undefined asks for nothing. */
  by(instant: Promise<Date | undefined>): void {
    instant.then(
      (date) => date && this.#set(date.getTime()),
      () => {}, // the database is closing; whoever opens it next looks again
    );
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #set(at: number): void {
    if (this.#stopped || at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    const wait = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, at - Date.now()));
    this.#timer = setTimeout(() => {
      this.#at = Number.POSITIVE_INFINITY;
      if (this.#stopped) return;
      this.#work().catch(() => this.#set(Date.now() + 60_000));
    }, wait);
    this.#timer.unref();
  }
}
