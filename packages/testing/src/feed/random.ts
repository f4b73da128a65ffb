/** Numbers that look random and are the same for the same seeds (xorshift, 32 bits). */
export class Random {
  #state: number;

  constructor(...seeds: readonly number[]) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) this.#state = Math.imul(this.#state ^ (seed | 0), 0x85ebca6b) + 0x1b873593;
    for (let i = 0; i < 4; i++) this.#next();
  }

  #next(): number {
    let x = this.#state | 0 || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** At least 0, below `limit`, whole. */
  below(limit: number): number {
    return this.#next() % limit;
  }

  /** True in about `percent` of 100 calls. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of them. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  }

  /** All of them in another order. */
  shuffle<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, key: this.#next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ value }) => value);
  }

  /** Lower-case hexadecimal digits. */
  hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join("");
  }
}
