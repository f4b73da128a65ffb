import { chmod, unlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { ConnectionError, rpcCodes } from "@larder/core";
import { BridgeConnection, type LineHandler } from "./connection.js";

export interface BridgeServerOptions {
  /** Path of the Unix socket; one that nobody holds is taken over. */
  readonly path: string;
  readonly handle: LineHandler;
  readonly maxConnections: number;
  readonly lineBytes: number;
  /** Told what keeps connections from being taken (too many open files); the ones there are go on. */
  readonly onError: (error: Error) => void;
}

/** How long a client that was refused may take to read why. */
const REFUSED_MS = 1000;

/** How long a write to a client that is gone may take to fail, when every place is taken. */
const PROBE_MS = 50;

/** Listens on the Unix socket, which only this user can open. */
export class BridgeServer {
  readonly #options: BridgeServerOptions;
  readonly #connections = new Set<BridgeConnection>();
  readonly #refused = new Set<Socket>();
  readonly #server: Server;

  private constructor(options: BridgeServerOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** The caller holds the instance's lock, so a socket file that is there is a dead one's. */
  static async listen(options: BridgeServerOptions): Promise<BridgeServer> {
    const bridge = new BridgeServer(options);
    await unlink(options.path).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    });
    // Made under a mask of its own, so that there is no moment in which others could open it.
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        bridge.#server.once("error", (cause) =>
          reject(new ConnectionError(`cannot listen on ${options.path}`, { cause })),
        );
        bridge.#server.listen(options.path, resolve);
      });
      bridge.#server.on("error", options.onError);
    } finally {
      process.umask(mask);
    }
    await chmod(options.path, 0o600);
    return bridge;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Every connection that is open. */
  all(): Iterable<BridgeConnection> {
    return this.#connections;
  }

  /** Stops listening, lets running requests end, and cuts what is left when `graceMs` are over. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#refused) socket.destroy();
    for (const connection of this.#connections) connection.close();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  #accept(socket: Socket): void {
    if (this.#connections.size < this.#options.maxConnections) {
      this.#admit(socket);
      return;
    }
    // Followers that are gone may hold places without showing it; those that are get a moment to fail.
    for (const connection of this.#connections) connection.probe();
    setTimeout(() => {
      const { maxConnections } = this.#options;
      if (this.#connections.size < maxConnections) this.#admit(socket);
      else this.#refuse(socket, `there are ${maxConnections} connections already`);
    }, PROBE_MS);
  }

  #admit(socket: Socket): void {
    const { handle, lineBytes } = this.#options;
    const connection = new BridgeConnection(socket, {
      handle,
      lineBytes,
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** Says why and lets it be read; what the client sends is thrown away, and it cannot stay. */
  #refuse(socket: Socket, message: string): void {
    const timer = setTimeout(() => socket.destroy(), REFUSED_MS);
    this.#refused.add(socket);
    socket.on("error", () => {}); // it went away meanwhile
    socket.once("close", () => {
      clearTimeout(timer);
      this.#refused.delete(socket);
    });
    socket.resume();
    const error = { code: rpcCodes.invalidRequest, message };
    socket.end(`${JSON.stringify({ jsonrpc: "2.0", id: null, error })}\n`);
  }
}
