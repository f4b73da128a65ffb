const SMALLEST = 50;
const LARGEST = 1000;
/** A page that took longer is halved: it must not come near the time limit of a request. Small pages cost a server more. */
const SLOW_MS = 15_000;

/** How many messages to ask for at once: few at first, so that something is there soon; more while the archive is quick. */
export class PageSize {
  #size = SMALLEST * 2;

  get next(): number {
    return this.#size;
  }

  /** A page of so many took so long. An archive may have a limit of its own, and gives fewer. */
  took(ms: number, results: number): void {
    if (ms > SLOW_MS) this.#size = Math.max(SMALLEST, this.#size >> 1);
    else if (results >= this.#size) this.#size = Math.min(LARGEST, this.#size * 2);
  }
}
