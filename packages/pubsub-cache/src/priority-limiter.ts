/** Lets at most so many pieces of work run at once; among those that wait, `first` goes before `later`. */
export class PriorityLimiter {
  readonly #first: (() => void)[] = [];
  readonly #later: (() => void)[] = [];
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  async run<T>(priority: "first" | "later", work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else {
      const queue = priority === "first" ? this.#first : this.#later;
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#first.shift() ?? this.#later.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
