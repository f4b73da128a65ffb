/** So few that something is there soon. */
export const FIRST_PAGE = 100;
const SMALLEST = 50;
const LARGEST = 1000;
/** A page that took longer is halved: it must not come near the time limit of a request. */
const SLOW_MS = 15_000;
/** How long a page may well take. */
const GOOD_MS = 2_000;

/**
 * How many messages to ask for at once: few at first, so that something is there soon; then as many as the archive gives in a
 * short while, since each page costs a server something whatever its size (Prosody 60 ms).
 */
export class PageSize {
  #size = FIRST_PAGE;

  get next(): number {
    return this.#size;
  }

  /** The archive has shown that it is quick: what is read now is much, and the next page may be asked for before its time. */
  get isLarge(): boolean {
    return this.#size > FIRST_PAGE;
  }

  /** A page of so many took so long. An archive may have a limit of its own, and gives fewer. */
  took(ms: number, results: number): void {
    if (ms > SLOW_MS) this.#size = Math.max(SMALLEST, this.#size >> 1);
    else if (results >= this.#size)
      this.#size = Math.min(LARGEST, this.#size * Math.max(2, Math.floor(GOOD_MS / Math.max(ms, 1))));
  }
}
