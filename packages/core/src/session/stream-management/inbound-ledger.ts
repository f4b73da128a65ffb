const WRAP = 2 ** 32;

/** One stanza from the server on its way to being handled. */
export interface LedgerEntry {
  readonly number: number;
  /** What tells a stanza sent again from a different one. */
  readonly key: string;
  started: boolean;
  done: boolean;
  /** It is to come again: whoever still holds it must not begin with it. */
  forgotten: boolean;
}

/**
 * Which of the server's stanzas are handled (XEP-0198 §4). They may be finished in any order; `h` counts
 * those before the first unfinished one. After a resumption the server sends everything after our `h`
 * again (§5), so the numbers of what was finished or is being worked on out of order are kept, and the
 * second copy is recognised.
 */
export class InboundLedger {
  #handled: number;
  #next: number;
  readonly #entries = new Map<number, LedgerEntry>();

  /** @param handled where to begin counting; for tests near the wrap */
  constructor(handled = 0) {
    this.#handled = handled;
    this.#next = handled + 1;
  }

  /** The value for `h`. */
  get h(): number {
    return this.#handled % WRAP;
  }

  /** True where everything that arrived is handled. */
  get idle(): boolean {
    return this.#handled + 1 >= this.#next;
  }

  /** Entries that are kept: unfinished, or finished out of order. */
  get pending(): number {
    return this.#entries.size;
  }

  /** Counts a stanza that has just arrived; undefined where it is one that we already have. */
  receive(key: string): LedgerEntry | undefined {
    const number = this.#next++;
    const known = this.#entries.get(number);
    if (known?.key === key) {
      this.#forgetHandled(number);
      return undefined;
    }
    const entry: LedgerEntry = { number, key, started: false, done: false, forgotten: false };
    if (number > this.#handled) this.#entries.set(number, entry);
    else this.#entries.delete(number);
    return entry;
  }

  /** The stanza's effects are safe. */
  finish(entry: LedgerEntry): void {
    entry.done = true;
    for (;;) {
      const first = this.#entries.get(this.#handled + 1);
      if (!first?.done) return;
      this.#handled++;
      this.#forgetHandled(this.#handled);
    }
  }

  /** An entry is needed until it is both handled and past the point where the server sends it again. */
  #forgetHandled(number: number): void {
    if (number <= this.#handled && number < this.#next) this.#entries.delete(number);
  }

  /** The `h` to resume with; the server's next stanza will be the one after it. */
  resume(): number {
    this.#next = this.#handled + 1;
    return this.h;
  }

  /** Gives back what has not begun, and this entry, which failed: the server is to send them again. */
  giveBack(failed: LedgerEntry): void {
    for (const [number, entry] of this.#entries) {
      if (entry === failed || !entry.started) {
        entry.forgotten = true;
        this.#entries.delete(number);
      }
    }
  }
}
