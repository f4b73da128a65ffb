/** Runs jobs of one lane one after the other, and lanes side by side. */
export class Lanes {
  readonly #tails = new Map<string, Promise<void>>();

  /** Starts the job when the ones before it in its lane have ended; it must not reject. */
  run(lane: string, job: () => Promise<void>): Promise<void> {
    const before = this.#tails.get(lane);
    const tail = (before ? before.then(job) : job()).then(() => {
      if (this.#tails.get(lane) === tail) this.#tails.delete(lane);
    });
    this.#tails.set(lane, tail);
    return tail;
  }

  /** Lanes with work in them. */
  get busy(): number {
    return this.#tails.size;
  }
}
