import type { BackOffOptions } from "./options.js";

const defaults: BackOffOptions = {
  initialMs: 1_000,
  maxMs: 300_000,
  afterViolationMs: 240_000,
  random: Math.random,
};

const LONGEST_AFTER_VIOLATION = 8;

/**
 * How long to wait before the next attempt: twice as long each time, and half of it drawn at random, so
 * that the clients of a server that comes back do not arrive together.
 */
export class BackOff {
  readonly #options: BackOffOptions;
  #attempts = 0;
  #violations = 0;

  constructor(options: Partial<BackOffOptions> = {}) {
    this.#options = { ...defaults, ...options };
  }

  /** Milliseconds. */
  next(): number {
    const { initialMs, maxMs } = this.#options;
    return this.#spread(Math.min(maxMs, initialMs * 2 ** Math.min(this.#attempts++, 30)));
  }

  /** The same after a `policy-violation`: the same once more soon would only make it worse. */
  nextAfterViolation(): number {
    const { afterViolationMs } = this.#options;
    return this.#spread(
      afterViolationMs * Math.min(LONGEST_AFTER_VIOLATION, 2 ** Math.min(this.#violations++, 30)),
    );
  }

  reset(): void {
    this.#attempts = 0;
    this.#violations = 0;
  }

  #spread(ceiling: number): number {
    return Math.round(ceiling / 2 + (this.#options.random() * ceiling) / 2);
  }
}
