import { type BridgeSignal, transientSignals } from "@larder/core";
import type { LoggedEvent, Store } from "@larder/storage";
import { hydrateEvent } from "./hydrate.js";

/** Where signals go: a connection of the bridge. */
export interface SignalSink {
  /** Resolves when the client can take more. A client that never reads makes nobody but this subscription wait. */
  notify(signal: string, params: Record<string, unknown>): Promise<void>;
  /** Whether what was written so far has gone out. */
  readonly drained: boolean;
  /** Ends the connection: nothing can be promised to it any more. */
  fail(reason: string): void;
}

export interface SubscriptionFilter {
  /** undefined for all. */
  readonly signals?: readonly string[];
  readonly accountIds?: readonly number[];
}

const BATCH = 100;

/**
 * One client's view of the event log: reads on from its cursor whenever something was committed, as
 * fast as the client takes it. Nothing is kept for a slow client but its place in the log.
 */
export class SignalSubscription {
  readonly #store: Store;
  readonly #sink: SignalSink;
  readonly #filter: SubscriptionFilter;
  readonly #nameOf: (id: number) => string;
  #cursor: string;
  #running = false;
  #again = false;
  #closed = false;

  constructor(options: {
    store: Store;
    sink: SignalSink;
    filter: SubscriptionFilter;
    cursor: string;
    nameOf: (id: number) => string;
  }) {
    this.#store = options.store;
    this.#sink = options.sink;
    this.#filter = options.filter;
    this.#cursor = options.cursor;
    this.#nameOf = options.nameOf;
  }

  /** Something may have been committed. */
  wake(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#pump()
      .catch((error: unknown) => this.#sink.fail(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        this.#running = false;
        if (this.#again && !this.#closed) this.wake();
      });
  }

  /** Tells what is not kept in the log, unless the client is behind: then the state itself is what to ask for. */
  tell(signal: BridgeSignal, accountId: number | undefined, params: Record<string, unknown>): void {
    const { signals, accountIds } = this.#filter;
    if (this.#closed || !this.#sink.drained || !transientSignals.has(signal)) return;
    if (signals && !signals.includes(signal)) return;
    if (accountIds && (accountId === undefined || !accountIds.includes(accountId))) return;
    void this.#sink.notify(signal, params);
  }

  close(): void {
    this.#closed = true;
  }

  async #pump(): Promise<void> {
    let more = true;
    while (more && !this.#closed) {
      this.#again = false;
      const page = await this.#store.events.since(this.#cursor, { ...this.#filter, limit: BATCH });
      for (const event of page.events) {
        if (this.#closed) return;
        await this.#deliver(event);
      }
      this.#cursor = page.cursor;
      more = page.more || this.#again;
    }
  }

  async #deliver(event: LoggedEvent): Promise<void> {
    const ready = await hydrateEvent(this.#store, event, this.#nameOf);
    if (ready) await this.#sink.notify(ready.signal, { ...ready.params, cursor: event.cursor });
  }
}
