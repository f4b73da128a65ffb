import type { Socket } from "node:net";
import { LineReader, rpcCodes } from "@larder/core";
import type { SignalSink, SignalSubscription } from "../signals/subscription.js";
import { lineIsOver, lineOf } from "./json-text.js";

/** Answers one line of JSON-RPC; null where nothing is to be answered. */
export type LineHandler = (line: string, connection: BridgeConnection) => Promise<unknown>;

/** Requests of one client that may run at a time; the rest wait in its socket. */
const MAX_RUNNING = 256;
/** Unsent answers, in bytes, beyond which no more requests of that client are read. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/**
 * One client of the bridge. Its requests run side by side and are answered as they end. A client that
 * does not read is not read from either, and costs what its own requests hold.
 */
export class BridgeConnection implements SignalSink {
  readonly #socket: Socket;
  readonly #handle: LineHandler;
  readonly #lines: LineReader;
  readonly #waitingForDrain = new Set<() => void>();
  readonly #queue: string[] = [];
  #running = 0;
  #ended = false;
  #closing = false;
  subscription: SignalSubscription | undefined;

  constructor(socket: Socket, options: { handle: LineHandler; lineBytes: number; onClose: () => void }) {
    this.#socket = socket;
    this.#handle = options.handle;
    this.#lines = new LineReader({
      limit: options.lineBytes,
      onLine: (line) => this.#enqueue(line),
      onTooLong: () => {
        const message = `a line is larger than ${options.lineBytes} bytes`;
        void this.#write({ jsonrpc: "2.0", id: null, error: { code: rpcCodes.invalidRequest, message } });
      },
    });
    socket.on("data", (chunk) => this.#lines.write(chunk));
    socket.on("end", () => {
      this.#lines.end();
      this.#ended = true;
      this.#endWhenDone();
    });
    socket.on("drain", () => this.#drained());
    socket.on("error", () => {}); // a client that goes away is no event; "close" follows
    socket.on("close", () => {
      this.subscription?.close();
      this.#drained();
      options.onClose();
    });
  }

  get drained(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  notify(signal: string, params: Record<string, unknown>): Promise<void> {
    return this.#write({ jsonrpc: "2.0", method: signal, params });
  }

  fail(_reason: string): void {
    this.#socket.destroy();
  }

  /** Lets running requests be answered, then closes. */
  close(): void {
    this.subscription?.close();
    this.subscription = undefined;
    this.#ended = true;
    this.#closing = true;
    this.#socket.pause();
    this.#endWhenDone();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #enqueue(line: string): void {
    this.#queue.push(line);
    this.#work();
  }

  #work(): void {
    while (this.#running < MAX_RUNNING) {
      const line = this.#queue.shift();
      if (line === undefined) break;
      this.#running++;
      this.#handle(line, this)
        .then((answer) => (answer === null ? undefined : this.#write(answer)))
        .catch(() => this.#socket.destroy())
        .finally(() => {
          this.#running--;
          this.#work();
          this.#endWhenDone();
        });
    }
    this.#throttle();
  }

  /** Reading stops while this client's answers or requests pile up, and goes on by itself. */
  #throttle(): void {
    const busy = this.#queue.length > 0 || this.#socket.writableLength > MAX_UNSENT_BYTES;
    if (busy && !this.#socket.isPaused()) this.#socket.pause();
    else if (!busy && this.#socket.isPaused() && !this.#ended) this.#socket.resume();
  }

  #write(value: unknown): Promise<void> {
    if (this.#socket.destroyed || this.#socket.writableEnded) return Promise.resolve();
    const line = lineOf(value);
    const room = this.#socket.write(line, () => lineIsOver(line));
    if (room) return Promise.resolve();
    this.#throttle();
    return new Promise((resolve) => this.#waitingForDrain.add(resolve));
  }

  #drained(): void {
    for (const resolve of this.#waitingForDrain) resolve();
    this.#waitingForDrain.clear();
    this.#throttle();
  }

  /** A client that has closed its writing side still gets all its answers; one with a subscription stays. */
  #endWhenDone(): void {
    if (!this.#ended || this.#running > 0 || this.#queue.length > 0 || this.subscription) return;
    // A paused socket does not see the client's end, so where we close there is nothing to wait for.
    if (this.#closing) this.#socket.destroySoon();
    else this.#socket.end();
  }

  /**
   * Finds out whether a follower that has closed its writing side is still there: until something is written it
   * looks the same as one that is gone. An empty line is nothing in JSON Lines, and where nobody is left to
   * read it, it ends the connection.
   */
  probe(): void {
    if (this.#ended && this.subscription && this.drained) this.#socket.write("\n");
  }
}
