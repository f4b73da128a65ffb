import type { SessionLog } from "./options.js";

/** Typed events; a listener that throws is logged and harms nobody else. */
export class Events<Map extends object> {
  readonly #listeners: { [Name in keyof Map]?: Set<(event: Map[Name]) => void> } = {};
  readonly #log: SessionLog;

  constructor(log: SessionLog) {
    this.#log = log;
  }

  /** @returns takes the listener away again */
  on<Name extends keyof Map>(name: Name, listener: (event: Map[Name]) => void): () => void {
    const listeners: Set<(event: Map[Name]) => void> = this.#listeners[name] ?? new Set();
    this.#listeners[name] = listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<Name extends keyof Map>(name: Name, event: Map[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#log.error({ event: String(name), reason }, "a listener failed");
      }
    }
  }
}
