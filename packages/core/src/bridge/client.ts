import { connect, type Socket } from "node:net";
import { JSONRPCClient, type JSONRPCResponse } from "json-rpc-2.0";
import { ConnectionError } from "../errors/errors.js";
import { readJsonLine } from "./answer-text.js";
import type { BridgeMethod, BridgeParams, BridgeResult } from "./contract.js";
import { BridgeError } from "./errors.js";
import { LineReader, textOf } from "./lines.js";
import { type BridgeSignal, isBridgeSignal, type SignalParams } from "./signals.js";

/** A signal as it arrives; durable ones carry the cursor to go on from. */
export type ReceivedSignal = {
  [S in BridgeSignal]: {
    readonly signal: S;
    readonly params: SignalParams<S> & { readonly cursor?: string };
  };
}[BridgeSignal];

/** Short lines alone may be blank: the daemon sends such to find out who is gone. */
const isBlank = (parts: readonly Buffer[]): boolean =>
  parts.every((part) => part.length < 3) && textOf(parts).trim() === "";

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? error.code : undefined);

/** No daemon listens on the socket, or this user may not open it. */
export class DaemonUnreachableError extends Error {
  override readonly name = "DaemonUnreachableError";
}

/**
 * A typed connection to a Larder daemon. Requests run side by side; signals arrive in order once
 * `signals_subscribe` was called.
 */
export class BridgeClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #rpc: JSONRPCClient;
  readonly #listeners = new Set<(signal: ReceivedSignal) => void>();
  readonly #closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#rpc = new JSONRPCClient((request) => {
      if (socket.destroyed)
        return Promise.reject(new ConnectionError("the connection to the daemon is closed"));
      socket.write(`${JSON.stringify(request)}\n`);
      return Promise.resolve();
    });
    const lines = new LineReader({
      onParts: (parts) => this.#receive(parts),
      onTooLong: () => socket.destroy(),
      limit: Number.POSITIVE_INFINITY, // the daemon is trusted: a large page is not an attack
    });
    socket.on("data", (chunk) => lines.write(chunk));
    socket.on("error", () => {}); // "close" follows and tells the waiting
    this.#closed = new Promise((resolve) =>
      socket.once("close", () => {
        this.#rpc.rejectAllPendingRequests("closed");
        resolve();
      }),
    );
  }

  /**
   * @param path the daemon's socket
   * @throws {DaemonUnreachableError} nobody listens there
   */
  static connect(path: string): Promise<BridgeClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("connect", () => resolve(new BridgeClient(socket)));
      socket.once("error", (cause) =>
        reject(
          new DaemonUnreachableError(
            codeOf(cause) === "EACCES"
              ? `permission denied: ${path} is another user's; run this as that user, or name your own daemon's home`
              : `no Larder daemon answers at ${path}`,
            { cause },
          ),
        ),
      );
    });
  }

  /**
   * Connects to the first of several sockets that answers.
   *
   * @param paths where the daemon may listen; see `socketCandidates`
   * @throws {DaemonUnreachableError} nobody listens at any of them
   */
  static async connectAny(paths: readonly string[]): Promise<BridgeClient> {
    const failures: DaemonUnreachableError[] = [];
    for (const path of paths) {
      try {
        return await BridgeClient.connect(path);
      } catch (error) {
        if (!(error instanceof DaemonUnreachableError)) throw error;
        failures.push(error);
      }
    }
    const telling = failures.find(({ cause }) => codeOf(cause) === "EACCES") ?? failures[0];
    if (telling && codeOf(telling.cause) === "EACCES") throw telling;
    throw new DaemonUnreachableError(`no Larder daemon answers at ${paths.join(" or ")}`, { cause: telling });
  }

  /** Resolves when the connection has ended, from whichever side. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** @throws {BridgeError} what the daemon answered */
  async call<M extends BridgeMethod>(
    method: M,
    ...[params]: Record<never, never> extends BridgeParams<M> ? [BridgeParams<M>?] : [BridgeParams<M>]
  ): Promise<BridgeResult<M>> {
    return (await this.request(method, params ?? {})) as BridgeResult<M>;
  }

  /** As {@link call} for a method known by name alone. */
  async request(method: string, params: unknown): Promise<unknown> {
    try {
      return await this.#rpc.request(method, params);
    } catch (error) {
      // Requests that are still open when the connection ends are rejected with the code 0, which no daemon uses.
      if (error instanceof Error && "code" in error && error.code !== 0) {
        throw new BridgeError(error.message, Number(error.code), "data" in error ? error.data : undefined);
      }
      throw new ConnectionError("the connection to the daemon ended before it answered", { cause: error });
    }
  }

  /** Calls back for every signal; returns how to stop that. */
  onSignal(listener: (signal: ReceivedSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#socket.end();
    this.#socket.destroySoon();
    await this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(parts: readonly Buffer[]): void {
    let value: { method?: unknown; params?: unknown } & JSONRPCResponse;
    try {
      if (isBlank(parts)) return;
      value = readJsonLine(parts) as typeof value;
    } catch {
      this.#socket.destroy(); // whoever answers there is no daemon; the waiting are told by "close"
      return;
    }
    if (typeof value.method !== "string") {
      this.#rpc.receive(value);
      return;
    }
    if (!isBridgeSignal(value.method)) return; // a newer daemon's; not asked for
    const signal = { signal: value.method, params: value.params } as ReceivedSignal;
    for (const listener of this.#listeners) listener(signal);
  }
}
