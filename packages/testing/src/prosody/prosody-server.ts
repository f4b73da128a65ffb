import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Guard } from "../process/guard.js";
import { GuardedProcess } from "../process/guarded-process.js";
import { logSize, logTail } from "../process/log.js";
import { PortTakenError } from "../process/port-taken-error.js";
import { freePorts } from "../process/ports.js";
import { requireCommand } from "../process/require-command.js";
import { type PasswordHash, writeAccount } from "./accounts.js";
import { type CertificateFiles, type CertificateKind, makeCertificates } from "./certificates.js";
import { PLUGIN, PLUGIN_NAME, prosodyConfiguration } from "./configuration.js";
import { waitUntilReady } from "./readiness.js";

/** How {@link startProsody} sets its server up. */
export interface ProsodyOptions {
  /** The virtual host; default `larder.test`. It need not resolve: clients connect to `service`. */
  readonly domain?: string;
  /** Accounts that are there from the start: name (localpart) to password. */
  readonly users?: Readonly<Record<string, string>>;
  /** Default true: STARTTLS is required on `port`, and `directTlsPort` speaks TLS at once. False: no TLS at all. */
  readonly tls?: boolean;
  /** Which certificate is shown; default `valid`. */
  readonly certificate?: CertificateKind;
  /** For how long a lost session can be resumed (XEP-0198 §5), in seconds; default 600. */
  readonly resumptionSeconds?: number;
  /** Whether accounts have an archive (XEP-0313); default true. Rooms always have one. */
  readonly mam?: boolean;
  /** Default `sql` (SQLite); `internal` keeps files, which is slow for large nodes. */
  readonly storage?: "sql" | "internal";
  /** Default `SHA-256`: SCRAM-SHA-256 (and PLAIN) is offered; with `SHA-1`, SCRAM-SHA-1. */
  readonly passwordHash?: PasswordHash;
  /** How long the start may take, in milliseconds; default 30_000. */
  readonly startTimeoutMs?: number;
}

const HOST = "127.0.0.1";
const ATTEMPTS = 5; // ports may be taken between looking and listening

/**
 * A Prosody of one's own, on loopback, in a fresh temporary directory. It is gone, with its directory, after
 * `stop`, and also when the program that started it dies without stopping it.
 */
export class ProsodyServer implements AsyncDisposable {
  /** The pubsub service; every local user may create nodes, of up to 50000 items. */
  readonly pubsub: string;
  /** The chat rooms; they are open at once, persistent and archived. */
  readonly rooms: string;
  readonly host = HOST;
  #ports: readonly [number, number] = [0, 0];
  readonly #process: GuardedProcess;
  #stopped: Promise<void> | undefined;

  private constructor(
    readonly domain: string,
    private readonly options: ProsodyOptions,
    private readonly directory: string,
    private readonly guard: Guard,
    private readonly certificates: CertificateFiles | undefined,
  ) {
    this.pubsub = `pubsub.${domain}`;
    this.rooms = `rooms.${domain}`;
    this.#process = new GuardedProcess(guard);
  }

  /** @internal use {@link startProsody} */
  static async start(options: ProsodyOptions): Promise<ProsodyServer> {
    requireCommand("prosody");
    const domain = options.domain ?? "larder.test";
    const directory = await mkdtemp(path.join(tmpdir(), "larder-prosody-")); // mkdtemp makes it 0700
    const guard = new Guard(directory);
    try {
      for (const name of ["data", "plugins", "tls"]) await mkdir(path.join(directory, name));
      await writeFile(path.join(directory, "plugins", `mod_${PLUGIN_NAME}.lua`), PLUGIN);
      const certificates =
        options.tls === false
          ? undefined
          : await makeCertificates(path.join(directory, "tls"), domain, options.certificate ?? "valid");
      const server = new ProsodyServer(domain, options, directory, guard, certificates);
      for (const [name, password] of Object.entries(options.users ?? {}))
        await server.addUser(name, password);
      await server.#launchOnFreePorts();
      return server;
    } catch (error) {
      await guard.end();
      throw error;
    }
  }

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
    return this.certificates?.caFile ?? "";
  }

  /** The CA as PEM; an empty string with `tls: false`. */
  get ca(): string {
    return this.certificates?.ca ?? "";
  }

  /** Path of the server's log. */
  log(): string {
    return path.join(this.directory, "prosody.log");
  }

  /** Registers an account, or gives it a new password; it can log in at once. */
  async addUser(name: string, password: string): Promise<void> {
    await writeAccount(
      path.join(this.directory, "data"),
      this.domain,
      name,
      password,
      this.options.passwordHash ?? "SHA-256",
    );
  }

  /** Ends Prosody and removes everything it had; further calls wait for the first. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#process.terminate("SIGTERM");
      await this.guard.end();
    })();
    return this.#stopped;
  }

  /** Kills Prosody without notice (SIGKILL): no stream is closed. Data and ports are kept for {@link restart}. */
  kill(): Promise<void> {
    return this.#process.terminate("SIGKILL");
  }

  /** Stops Prosody if it runs (streams are closed in order) and starts it with the same data and ports. */
  async restart(): Promise<void> {
    if (this.#stopped) throw new Error("this Prosody was stopped and its data removed");
    await this.#process.terminate("SIGTERM");
    await this.#launch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #launchOnFreePorts(): Promise<void> {
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
    const { options, directory } = this;
    const configuration = path.join(directory, "prosody.cfg.lua");
    await writeFile(
      configuration,
      prosodyConfiguration({
        domain: this.domain,
        pubsub: this.pubsub,
        rooms: this.rooms,
        host: HOST,
        port: this.port,
        directTlsPort: this.directTlsPort,
        tls: this.certificates,
        resumptionSeconds: options.resumptionSeconds ?? 600,
        mam: options.mam ?? true,
        storage: options.storage ?? "sql",
        passwordHash: options.passwordHash ?? "SHA-256",
        dataDirectory: path.join(directory, "data"),
        pluginDirectory: path.join(directory, "plugins"),
        logFile: this.log(),
      }),
    );
    const logOffset = await logSize(this.log());
    this.#process.launch(requireCommand("prosody"), ["--config", configuration, "-F"]);
    try {
      await waitUntilReady({
        host: HOST,
        ports: this.certificates ? this.#ports : [this.port],
        logFile: this.log(),
        logOffset,
        exited: this.#process.exited,
        timeoutMs: options.startTimeoutMs ?? 30_000,
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

/**
 * Starts a private Prosody 0.12 and resolves when clients can connect.
 *
 * @throws {Error} `prosody` or `openssl` is not installed (the message names the remedy), or the server did not
 *   start (the message ends with the tail of its log)
 */
export function startProsody(options: ProsodyOptions = {}): Promise<ProsodyServer> {
  return ProsodyServer.start(options);
}
