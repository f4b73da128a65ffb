import type { BackOffOptions } from "./options.js";

const defaults: BackOffOptions = { initialMs: 1_000, maxMs: 300_000, random: Math.random };

/**
 * How long to wait before the next attempt: twice as long each time, and half of it drawn at random, so
 * that the clients of a server that comes back do not arrive together.
 */
export class BackOff {
  readonly #options: BackOffOptions;
  #attempts = 0;

  constructor(options: Partial<BackOffOptions> = {}) {
    this.#options = { ...defaults, ...options };
  }

  /** Milliseconds. */
  next(): number {
    const { initialMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, initialMs * 2 ** Math.min(this.#attempts++, 30));
    return Math.round(ceiling / 2 + (random() * ceiling) / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
