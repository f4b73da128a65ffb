import { Child } from "./child.js";
import { type BenchServer, PASSWORD } from "./server.js";

export interface BareQuestion {
  readonly login: { service: string; domain: string; username: string; password: string };
  readonly service: string;
  readonly node: string;
  /** 0: the whole node in one answer. */
  readonly pageSize: number;
}

export interface BareReading {
  readonly items: number;
  readonly ms: number;
}

/** The bare @xmpp/client in a process of its own, over TLS as the daemon is, with TCP_NODELAY. */
export class BareReader implements AsyncDisposable {
  readonly #child: Child;
  readonly #server: BenchServer["server"];

  constructor({ server }: BenchServer) {
    this.#server = server;
    this.#child = Child.start(new URL("./bare.child.js", import.meta.url), {
      NODE_EXTRA_CA_CERTS: server.caFile,
    });
  }

  /** Reads a node and keeps nothing. */
  async read(node: string, pageSize: number, expected: number): Promise<number> {
    const { service, domain, pubsub } = this.#server;
    const login = { service, domain, username: "bob", password: PASSWORD };
    const question: BareQuestion = { login, service: pubsub, node, pageSize };
    const { items, ms } = await this.#child.ask<BareReading>({ ...question });
    if (items !== expected) throw new Error(`the bare client read ${items} items of ${expected}`);
    return ms;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}
