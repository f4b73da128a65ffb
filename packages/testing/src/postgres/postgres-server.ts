import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { Guard } from "../process/guard.js";
import { GuardedProcess } from "../process/guarded-process.js";
import { logSize, logTail, readLog } from "../process/log.js";
import { PortTakenError } from "../process/port-taken-error.js";
import { freePorts } from "../process/ports.js";
import { findPostgres, type PostgresBinaries } from "./binaries.js";
import { type Owner, ownDirectory, postgresOwner } from "./unprivileged.js";

/** How {@link startPostgres} sets its server up. */
export interface PostgresOptions {
  /** Further settings of the server, by their names in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long the start may take, in milliseconds; default 60_000. */
  readonly startTimeoutMs?: number;
}

const run = promisify(execFile);
const HOST = "127.0.0.1";
const USER = "larder";
const ATTEMPTS = 5; // the port may be taken between looking and listening

/** Nothing here has to survive a power cut; the death of the server it does: a commit is written, if not synced. */
const SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "32MB",
  fsync: "off",
  full_page_writes: "off",
  max_wal_size: "1GB",
  // In the cluster's own directory, and so gone with it even after a crash.
  dynamic_shared_memory_type: "mmap",
  // So that a connection that ended is noticed while its query still runs.
  client_connection_check_interval: "1s",
};

/**
 * A PostgreSQL of one's own, on loopback with a password of its own, in a fresh temporary directory. It is gone,
 * with its directory, after `stop`, and also when the program that started it dies without stopping it.
 */
export class PostgresServer implements AsyncDisposable {
  readonly host = HOST;
  readonly #process: GuardedProcess;
  #port = 0;
  #databases = 0;
  #stopped: Promise<void> | undefined;

  private constructor(
    private readonly options: PostgresOptions,
    private readonly binaries: PostgresBinaries,
    private readonly owner: Owner,
    private readonly directory: string,
    private readonly password: string,
    private readonly guard: Guard,
  ) {
    this.#process = new GuardedProcess(guard);
  }

  /** @internal use {@link startPostgres} */
  static async start(options: PostgresOptions): Promise<PostgresServer> {
    const binaries = await findPostgres();
    const owner = await postgresOwner();
    const directory = await ownDirectory("larder-postgres-", owner);
    const guard = new Guard(directory, "QUIT"); // "immediate": the children end too, and the shared memory goes
    try {
      const password = randomBytes(18).toString("base64url");
      const server = new PostgresServer(options, binaries, owner, directory, password, guard);
      await server.#initialise();
      await server.#launchOnFreePort();
      return server;
    } catch (error) {
      await guard.end();
      throw error;
    }
  }

  /** Where it listens on {@link host}; the same after a restart. */
  get port(): number {
    return this.#port;
  }

  /** Address of a database, by default of the one that is there from the start; its user may do everything. */
  url(database = "postgres"): string {
    return `postgres://${USER}:${this.password}@${HOST}:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Path of the server's log. */
  log(): string {
    return path.join(this.directory, "postgres.log");
  }

  /**
   * Makes a database and resolves with its URL.
   *
   * @param options.template URL of a database of this server to copy; nothing may be connected to it
   */
  async createDatabase(options: { template?: string } = {}): Promise<string> {
    const name = `test_${++this.#databases}`;
    const template = options.template ? new URL(options.template).pathname.slice(1) : "template1";
    const client = new pg.Client({ connectionString: this.url() });
    await client.connect();
    try {
      const quote = (text: string) => client.escapeIdentifier(text);
      const { rows } = await client.query<{ version: number }>(
        "SELECT current_setting('server_version_num')::int AS version",
      );
      // Since 15 the copy goes through the log by default, which pays where files must be synced.
      const strategy = Number(rows[0]?.version) >= 150_000 ? "STRATEGY file_copy" : "";
      const source = quote(decodeURIComponent(template));
      await client.query(`CREATE DATABASE ${quote(name)} TEMPLATE ${source} ${strategy}`);
    } finally {
      await client.end();
    }
    return this.url(name);
  }

  /** Ends PostgreSQL, whoever is connected, and removes everything it had; further calls wait for the first. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      if (this.#process.pid === undefined) await this.#removeSharedMemory();
      await this.#process.terminate("SIGQUIT");
      await this.guard.end();
    })();
    return this.#stopped;
  }

  /** Kills PostgreSQL without notice (SIGKILL), as a crash would. Data and port are kept for {@link restart}. */
  kill(): Promise<void> {
    return this.#process.terminate("SIGKILL");
  }

  /** Stops PostgreSQL if it runs (open transactions are undone, connections ended) and starts it again. */
  async restart(): Promise<void> {
    if (this.#stopped) throw new Error("this PostgreSQL was stopped and its data removed");
    await this.#process.terminate("SIGINT");
    await this.#launch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #data(): string {
    return path.join(this.directory, "data");
  }

  async #initialise(): Promise<void> {
    const passwordFile = path.join(this.directory, "password");
    await writeFile(passwordFile, this.password, { mode: 0o644 }); // the directory is closed to others
    const args = [
      ...["--pgdata", this.#data, "--username", USER, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      ...["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"],
    ];
    await run(this.binaries.initdb, args, { ...this.owner, cwd: this.directory });
    await rm(passwordFile);
  }

  async #launchOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      [this.#port = 0] = await freePorts(1, HOST);
      try {
        return await this.#launch();
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #launch(): Promise<void> {
    const timeoutMs = this.options.startTimeoutMs ?? 60_000;
    const deadline = Date.now() + timeoutMs;
    const settings = { ...SETTINGS, ...this.options.settings, port: String(this.#port) };
    const args = ["-D", this.#data];
    for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
    for (;;) {
      const logOffset = await logSize(this.log());
      const log = await open(this.log(), "a", 0o600);
      this.#process.launch(this.binaries.postgres, args, {
        ...this.owner,
        cwd: this.directory,
        log: log.fd,
      });
      await log.close();
      const outcome = await this.#readiness(deadline);
      if (outcome === "ready") break;
      await this.kill();
      const told = await readLog(this.log(), logOffset);
      if (outcome === "ended" && told.includes("could not bind")) {
        throw new PortTakenError("the port was taken meanwhile");
      }
      // After a kill the children notice a little later that their parent is gone.
      const childrenLeft = told.includes("is still in use") || told.includes("lock file");
      if (outcome === "ended" && childrenLeft && Date.now() < deadline) {
        await delay(20);
        continue;
      }
      const reason =
        outcome === "ended"
          ? "PostgreSQL ended while it started"
          : `PostgreSQL was not ready within ${timeoutMs} ms`;
      throw new Error(`${reason}\n${this.#process.output}${await logTail(this.log())}`);
    }
    this.#process.letGo();
  }

  async #readiness(deadline: number): Promise<"ready" | "ended" | "late"> {
    const started = this.#process.pid;
    while (Date.now() < deadline) {
      if (this.#process.pid === undefined) return "ended";
      const [pid, , , , , , , status] = await this.#pidFile();
      if (Number(pid) === started && status?.trim() === "ready") return "ready";
      await delay(15);
    }
    return "late";
  }

  /** Lines of `postmaster.pid`: 1 the process, 7 key and id of its shared memory, 8 how far the start is. */
  async #pidFile(): Promise<string[]> {
    return (await readFile(path.join(this.#data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  }

  /** What a killed server leaves in the kernel, a few bytes, is no file and would stay. */
  async #removeSharedMemory(): Promise<void> {
    const id = (await this.#pidFile())[6]?.trim().split(/\s+/)[1];
    if (id) await run("ipcrm", ["-m", id]).catch(() => {}); // not there: nothing to do
  }
}

/**
 * Starts a private PostgreSQL (14 or newer) and resolves when clients can connect. Where we are root it runs as
 * the user `postgres`.
 *
 * @throws {Error} PostgreSQL is not installed (the message names the remedy), or it did not start (the message
 *   ends with the tail of its log)
 */
export function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  return PostgresServer.start(options);
}
