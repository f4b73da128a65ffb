import { closedError } from "../errors.js";

interface Waiting {
  readonly alone: boolean;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Lets several run at once, or one alone: a unit of work that met another writer is tried again with
 * nobody beside it, so that it ends.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #waiting: Waiting[] = [];
  readonly #whenIdle: (() => void)[] = [];
  #running = 0;
  #alone = false;

  /** @param atOnce how many may run together */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Runs `work` when it is its turn. */
  async run<T>(work: () => Promise<T>, { alone = false } = {}): Promise<T> {
    await new Promise<void>((go, refuse) => {
      this.#waiting.push({ alone, go, refuse });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#running--;
      this.#alone = false;
      this.#admit();
      if (this.#running === 0) for (const tell of this.#whenIdle.splice(0)) tell();
    }
  }

  /** Resolves when nothing runs, and so nothing waits. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Refuses those who wait. */
  refuseWaiting(): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(closedError());
  }

  #admit(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (!next || this.#alone || this.#running >= (next.alone ? 1 : this.#atOnce)) return;
      this.#waiting.shift();
      this.#running++;
      this.#alone = next.alone;
      next.go();
    }
  }
}
