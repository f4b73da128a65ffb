import type { SessionTimeouts } from "./options.js";

export interface LivenessOptions {
  timeouts: SessionTimeouts;
  /** When bytes came from the server last, as `performance.now()` gives it. */
  lastHeard: () => number;
  /** Asks the server for an answer: `<r/>` with stream management, else a ping. */
  ask: () => void;
  /** The server did not answer: the link is dead, whatever TCP thinks. */
  onDead: () => void;
}

/**
 * Decides when to ask the server for an acknowledgement (XEP-0198 §4: soon after sending, once for many
 * stanzas) or a sign of life, and when a link is dead.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #askedAt: number | undefined;
  #sentSince = false;
  #soon: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#arm();
  }

  /** A stanza went out that wants an acknowledgement. */
  sent(): void {
    this.#sentSince = true;
    if (this.#askedAt === undefined) this.#askSoon();
  }

  /** The server acknowledged. */
  answered(): void {
    this.#askedAt = undefined;
    if (this.#sentSince) this.#askSoon();
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#soon);
    clearTimeout(this.#watch);
  }

  #askSoon(): void {
    if (this.#stopped || this.#soon) return;
    this.#soon = setTimeout(() => this.#ask(), this.#options.timeouts.ackRequestMs);
  }

  #ask(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#sentSince = false;
    this.#askedAt = performance.now();
    this.#options.ask();
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#watch);
    if (this.#stopped) return;
    const { idleMs, deadMs } = this.#options.timeouts;
    const due = this.#askedAt === undefined ? this.#options.lastHeard() + idleMs : this.#askedAt + deadMs;
    this.#watch = setTimeout(() => this.#check(), Math.max(1, Math.ceil(due - performance.now())));
  }

  #check(): void {
    const { idleMs, deadMs } = this.#options.timeouts;
    const now = performance.now();
    const heard = this.#options.lastHeard();
    if (this.#askedAt === undefined) {
      if (now - heard >= idleMs) this.#ask();
      else this.#arm();
    } else if (now - Math.max(this.#askedAt, heard) >= deadMs) {
      this.stop();
      this.#options.onDead();
    } else if (now - this.#askedAt >= deadMs) {
      this.#ask(); // it is alive and did not answer this one: a ping whose answer is not reported here
    } else {
      this.#arm();
    }
  }
}
