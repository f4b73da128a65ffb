import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Guard } from "../process/guard.js";
import { GuardedProcess, type LaunchOptions } from "../process/guarded-process.js";
import { logSize, logTail } from "../process/log.js";
import { PortTakenError } from "../process/port-taken-error.js";
import { freePorts } from "../process/ports.js";
import { type CertificateFiles, type CertificateKind, makeCertificates } from "./certificates.js";
import { type StartState, waitUntilReady } from "./readiness.js";

/** What every private XMPP server can be told. */
export interface XmppServerOptions {
  /** The virtual host; default `larder.test`. It need not resolve: clients connect to `service`. */
  readonly domain?: string;
  /** Accounts that are there from the start: name (localpart) to password. */
  readonly users?: Readonly<Record<string, string>>;
  /** Default true: STARTTLS is required on `port`, and `directTlsPort` speaks TLS at once. False: no TLS at all. */
  readonly tls?: boolean;
  /** For how long a lost session can be resumed (XEP-0198 §5), in seconds; default 600. */
  readonly resumptionSeconds?: number;
  /** Whether accounts have an archive (XEP-0313); default true. Rooms always have one. */
  readonly mam?: boolean;
  /** How long the start may take, in milliseconds; default 30_000. */
  readonly startTimeoutMs?: number;
}

/** Where one server lives. */
export interface Place {
  readonly domain: string;
  readonly directory: string;
  readonly guard: Guard;
  readonly certificates: CertificateFiles | undefined;
}

/** One start of a server: the command, and how its log tells that it listens. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: LaunchOptions;
  readonly state: (log: string) => StartState;
}

const HOST = "127.0.0.1";
const ATTEMPTS = 5; // ports may be taken between looking and listening

/**
 * Makes a fresh temporary directory with certificates and hands it to `start`; what goes wrong there leaves nothing
 * behind.
 */
export async function inPrivatePlace<Server>(
  name: string,
  options: XmppServerOptions & { readonly certificate?: CertificateKind },
  start: (place: Place) => Promise<Server>,
): Promise<Server> {
  const domain = options.domain ?? "larder.test";
  const directory = await mkdtemp(path.join(tmpdir(), `larder-${name}-`)); // mkdtemp makes it 0700
  const guard = new Guard(directory);
  try {
    await mkdir(path.join(directory, "data"));
    const tls = path.join(directory, "tls");
    await mkdir(tls);
    const certificates =
      options.tls === false ? undefined : await makeCertificates(tls, domain, options.certificate ?? "valid");
    return await start({ domain, directory, guard, certificates });
  } catch (error) {
    await guard.end();
    throw error;
  }
}

/**
 * An XMPP server of one's own, on loopback, in a fresh temporary directory. It is gone, with its directory, after
 * `stop`, and also when the program that started it dies without stopping it.
 */
export abstract class XmppServer implements AsyncDisposable {
  readonly domain: string;
  /** The pubsub service; every local user may create nodes. */
  readonly pubsub: string;
  /** The chat rooms; they are open at once, persistent and archived. */
  readonly rooms: string;
  readonly host = HOST;
  #ports: readonly [number, number] = [0, 0];
  readonly #process: GuardedProcess;
  #stopped: Promise<void> | undefined;

  protected constructor(
    /** The program's name, for errors. */
    private readonly program: string,
    protected readonly place: Place,
    private readonly startTimeoutMs = 30_000,
  ) {
    this.domain = place.domain;
    this.pubsub = `pubsub.${place.domain}`;
    this.rooms = `rooms.${place.domain}`;
    this.#process = new GuardedProcess(place.guard);
  }

  /** Writes the configuration for the present ports and says what to run. */
  protected abstract prepare(): Promise<Launch>;

  /** Path of the server's log. */
  abstract log(): string;

  /** Registers an account, or gives it a new password; it can log in at once. */
  abstract addUser(name: string, password: string): Promise<void>;

  /** The port where STARTTLS is required, or where nothing is encrypted with `tls: false`. */
  get port(): number {
    return this.#ports[0];
  }

  /** The port that speaks TLS from the first byte; nothing listens there with `tls: false`. */
  get directTlsPort(): number {
    return this.#ports[1];
  }

  /** Where to connect, as `account_add` takes it. */
  get service(): string {
    return `xmpp://${HOST}:${this.port}`;
  }

  /** Where to connect with direct TLS, as `account_add` takes it. */
  get directTlsService(): string {
    return `xmpps://${HOST}:${this.directTlsPort}`;
  }

  /** File with the CA that signed the server's certificate; an empty string with `tls: false`. */
  get caFile(): string {
    return this.place.certificates?.caFile ?? "";
  }

  /** The CA as PEM; an empty string with `tls: false`. */
  get ca(): string {
    return this.place.certificates?.ca ?? "";
  }

  /** Ends the server and removes everything it had; further calls wait for the first. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#process.terminate("SIGTERM");
      await this.cleanUp();
      await this.place.guard.end();
    })();
    return this.#stopped;
  }

  /** Kills the server without notice (SIGKILL): no stream is closed. Data and ports are kept for {@link restart}. */
  kill(): Promise<void> {
    return this.#process.terminate("SIGKILL");
  }

  /** Stops the server if it runs (streams are closed in order) and starts it with the same data and ports. */
  async restart(): Promise<void> {
    if (this.#stopped) throw new Error(`this ${this.program} was stopped and its data removed`);
    await this.#process.terminate("SIGTERM");
    await this.#launch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Lets go of what the server's process does not hold itself; before its directory is removed. */
  protected async cleanUp(): Promise<void> {}

  /** Registers the first accounts and starts. */
  protected async begin(users: Readonly<Record<string, string>> = {}): Promise<void> {
    for (const [name, password] of Object.entries(users)) await this.addUser(name, password);
    for (let attempt = 1; ; attempt++) {
      const [port = 0, directTlsPort = 0] = await freePorts(2, HOST);
      this.#ports = [port, directTlsPort];
      try {
        return await this.#launch();
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #launch(): Promise<void> {
    const { command, args, options, state } = await this.prepare();
    const logOffset = await logSize(this.log());
    this.#process.launch(command, args, options);
    try {
      await waitUntilReady({
        server: this.program,
        host: HOST,
        ports: this.place.certificates ? this.#ports : [this.port],
        logFile: this.log(),
        logOffset,
        state,
        exited: this.#process.exited,
        timeoutMs: this.startTimeoutMs,
      });
    } catch (error) {
      await this.kill();
      if (error instanceof PortTakenError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const tail = [this.#process.output.trim(), await logTail(this.log())]
        .filter((text) => text !== "")
        .join("\n");
      throw new Error(`${reason}\n${tail}`, { cause: error });
    }
    this.#process.letGo();
  }
}
