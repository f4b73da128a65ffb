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
}

/** Listens on the Unix socket, which only this user can open. */
export class BridgeServer {
  readonly #options: BridgeServerOptions;
  readonly #connections = new Set<BridgeConnection>();
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
    for (const connection of this.#connections) connection.close();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  #accept(socket: Socket): void {
    const { maxConnections, handle, lineBytes } = this.#options;
    if (this.#connections.size >= maxConnections) {
      const message = `there are ${maxConnections} connections already`;
      socket.end(
        `${JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: rpcCodes.invalidRequest, message } })}\n`,
      );
      return;
    }
    const connection = new BridgeConnection(socket, {
      handle,
      lineBytes,
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
