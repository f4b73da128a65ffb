import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy on loopback between a client and a server under test, for cutting and stalling connections. */
export class TcpProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  #paused = false;
  #toServer = 0;
  #toClient = 0;

  private constructor(
    server: Server,
    /** Where clients connect. */
    readonly port: number,
  ) {
    this.#server = server;
  }

  /** @internal use {@link startTcpProxy} */
  static start(target: TcpProxyTarget): Promise<TcpProxy> {
    return new Promise((resolve, reject) => {
      // Read by hand: a pair that is paused must not lose what arrived before.
      const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
        const proxy = new TcpProxy(server, address.port);
        server.on("connection", (client) => proxy.#join(client, target));
        resolve(proxy);
      });
    });
  }

  /** How many connections pass through now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** How many bytes clients and server have sent so far, on all connections. */
  get bytes(): { readonly toServer: number; readonly toClient: number } {
    return { toServer: this.#toServer, toClient: this.#toClient };
  }

  /** Destroys all present connections on both sides, without notice; new ones are taken as before. */
  cut(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  /** From now on nothing passes in either direction, also on new connections; nothing is lost either. */
  pause(): void {
    this.#paused = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Lets everything pass again, first what was held back. */
  resume(): void {
    this.#paused = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** Cuts everything and stops listening. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #end(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }

  #join(client: Socket, target: TcpProxyTarget): void {
    const upstream = connect({ host: "127.0.0.1", allowHalfOpen: true, ...target });
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.setNoDelay(true);
      from.on("data", (chunk) => {
        if (from === client) this.#toServer += chunk.length;
        else this.#toClient += chunk.length;
        if (to.write(chunk)) return;
        from.pause();
        to.once("drain", () => {
          if (!this.#paused) from.resume();
        });
      });
      from.on("end", () => to.end());
      from.on("error", () => this.#end(pair));
      from.on("close", () => {
        if (to.destroyed) this.#pairs.delete(pair);
      });
      if (this.#paused) from.pause();
      else from.resume();
    }
  }
}

/** Where a proxy connects to; `host` is 127.0.0.1 by default. */
export interface TcpProxyTarget {
  readonly port: number;
  readonly host?: string;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export function startTcpProxy(target: TcpProxyTarget): Promise<TcpProxy> {
  return TcpProxy.start(target);
}
