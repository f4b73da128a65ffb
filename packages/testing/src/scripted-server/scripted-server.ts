import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { type CertificateKind, makeCertificates } from "../xmpp-server/certificates.js";
import type { ManagedSession } from "./managed-session.js";
import { defaultOptions, type ScriptedServerOptions } from "./options.js";
import { ScriptedPeer } from "./scripted-peer.js";

const PATIENCE_MS = 20_000; // far more than a loaded machine needs

interface Queue {
  arrived: ScriptedPeer[];
  waiting: ((peer: ScriptedPeer) => void)[];
}

function take(queue: Queue, what: string): Promise<ScriptedPeer> {
  const peer = queue.arrived.shift();
  if (peer) return Promise.resolve(peer);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no client ${what} within ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
    queue.waiting.push((arrived) => {
      clearTimeout(timer);
      resolve(arrived);
    });
  });
}

function give(queue: Queue, peer: ScriptedPeer): void {
  const waiting = queue.waiting.shift();
  if (waiting) waiting(peer);
  else queue.arrived.push(peer);
}

interface Certificate {
  key: string;
  cert: string;
  ca: string;
}

const certificates = new Map<string, Promise<Certificate>>();

/** Made once in a process: three runs of openssl each would slow down the tests that run side by side. */
function certificateFor(domain: string, kind: CertificateKind): Promise<Certificate> {
  const name = `${kind} ${domain}`;
  const known = certificates.get(name) ?? makeCertificate(domain, kind);
  certificates.set(name, known);
  return known;
}

async function makeCertificate(domain: string, kind: CertificateKind): Promise<Certificate> {
  const directory = await mkdtemp(path.join(tmpdir(), "larder-scripted-"));
  try {
    const files = await makeCertificates(directory, domain, kind);
    const [key, cert] = await Promise.all([
      readFile(files.keyFile, "utf8"),
      readFile(files.certificateFile, "utf8"),
    ]);
    return { key, cert, ca: files.ca };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * An XMPP server in this process that does as a test tells it: it lets clients log in, and from then on
 * says and acknowledges only what it is told.
 */
export class ScriptedServer implements AsyncDisposable {
  /** Change them for what happens from now on. */
  readonly options: ScriptedServerOptions;
  /** All sessions with stream management, by id. */
  readonly sessions = new Map<string, ManagedSession>();
  /** FAST tokens by name. */
  readonly tokens = new Map<string, { mechanism: string; token: string }>();
  /** Every connection so far. */
  readonly peers: ScriptedPeer[] = [];
  readonly #accepted: Queue = { arrived: [], waiting: [] };
  readonly #online: Queue = { arrived: [], waiting: [] };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(
    options: ScriptedServerOptions,
    readonly certificate: { key: string; cert: string },
    /** The authority that signed the certificate, in PEM; empty without TLS. */
    readonly ca: string,
  ) {
    this.options = options;
  }

  /** @internal use {@link startScriptedServer} */
  static async start(given: Partial<ScriptedServerOptions>): Promise<ScriptedServer> {
    const options = { ...defaultOptions, ...given };
    const made =
      options.tls === "none" ? undefined : await certificateFor(options.domain, options.certificate);
    const server = new ScriptedServer(
      options,
      { key: made?.key ?? "", cert: made?.cert ?? "" },
      made?.ca ?? "",
    );
    await server.#listen();
    return server;
  }

  #listen(): Promise<void> {
    const accept = (socket: Socket) => {
      const peer = new ScriptedPeer(this, socket);
      this.peers.push(peer);
      give(this.#accepted, peer);
    };
    const server =
      this.options.tls === "direct"
        ? tls.createServer({ ...this.certificate, ALPNProtocols: ["xmpp-client"] }, accept)
        : createServer(accept);
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    const address = this.#server?.address();
    if (!address || typeof address === "string") throw new Error("the scripted server is not listening");
    return address.port;
  }

  /** Where to connect, as `account_add` takes it. */
  get service(): string {
    return `${this.options.tls === "direct" ? "xmpps" : "xmpp"}://127.0.0.1:${this.port}`;
  }

  /** What a Session of this account needs: `new Session(server.account("alice"))`. */
  account(name = "alice") {
    return {
      jid: `${name}@${this.options.domain}`,
      password: async () => this.options.users[name] ?? "",
      service: this.service,
      tls: this.options.tls === "none" ? ("disabled" as const) : ("required" as const),
      ca: this.ca === "" ? undefined : this.ca,
      backOff: { initialMs: 10, maxMs: 100 },
    };
  }

  /** The next connection that was accepted, in order. */
  accepted(): Promise<ScriptedPeer> {
    return take(this.#accepted, "connected");
  }

  /** The next client that is online, in order: it has a resource and, where offered, stream management. */
  online(): Promise<ScriptedPeer> {
    return take(this.#online, "came online");
  }

  /** @internal called by a peer that is online */
  announce(peer: ScriptedPeer): void {
    give(this.#online, peer);
  }

  /** Forgets all sessions, so that none can be resumed; their counts stay known. */
  expireSessions(): void {
    for (const session of this.sessions.values()) session.alive = false;
  }

  async stop(): Promise<void> {
    const { promise, close } = this.#close();
    close();
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }

  #close(): { promise: Promise<void>; close: () => void } {
    let close = () => {};
    const promise = new Promise<void>((resolve) => {
      close = () => this.#server?.close(() => resolve());
    });
    return { promise, close };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a {@link ScriptedServer} on a free port of loopback. */
export function startScriptedServer(options: Partial<ScriptedServerOptions> = {}): Promise<ScriptedServer> {
  return ScriptedServer.start(options);
}
