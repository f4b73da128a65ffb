import type { BridgeClient, ReceivedSignal } from "@larder/core";

const PATIENCE_MS = 30_000;

/** Waits for signals that may come before or after somebody asks for them. */
export class SignalWatch {
  readonly #seen: ReceivedSignal[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(client: BridgeClient) {
    client.onSignal((signal) => {
      this.#seen.push(signal);
      for (const wake of this.#waiting) wake();
    });
  }

  static async on(client: BridgeClient): Promise<SignalWatch> {
    const watch = new SignalWatch(client);
    await client.call("signals_subscribe", { signals: ["*"] });
    return watch;
  }

  /** The first signal that `pick` accepts and nobody has taken yet. */
  async next<T>(what: string, pick: (signal: ReceivedSignal) => T | undefined): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      for (const [index, signal] of this.#seen.entries()) {
        const picked = pick(signal);
        if (picked === undefined) continue;
        this.#seen.splice(index, 1);
        return picked;
      }
      await this.#another(deadline, what);
    }
  }

  #another(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`));
      }, deadline - Date.now());
      this.#waiting.add(wake);
    });
  }
}
