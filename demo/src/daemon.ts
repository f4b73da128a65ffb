import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BridgeClient, DaemonUnreachableError, instancePaths } from "@larder/core";

const START_WITHIN_MS = 30_000;
const POLL_MS = 50;

/** A larderd of the demo's own, with a home in a temporary directory. */
export class DemoDaemon implements AsyncDisposable {
  readonly home: string;
  readonly #process: ChildProcess;
  readonly #clients: BridgeClient[] = [];

  private constructor(home: string, process: ChildProcess) {
    this.home = home;
    this.#process = process;
  }

  static async start(): Promise<DemoDaemon> {
    const home = await mkdtemp(join(tmpdir(), "larder-demo-"));
    const program = fileURLToPath(new URL("../../node_modules/.bin/larderd", import.meta.url));
    const env: NodeJS.ProcessEnv = { ...process.env, LARDER_HOME: home };
    delete env.LARDER_DATABASE_URL; // the demo never touches a database of the user's
    const child = spawn(program, [], {
      env,
      stdio: ["ignore", "ignore", openSync(join(home, "larderd.log"), "a", 0o600)],
    });
    const daemon = new DemoDaemon(home, child);
    return daemon;
  }

  /** A connection to the daemon, as soon as it answers. */
  async connect(): Promise<BridgeClient> {
    const { socket } = instancePaths({ LARDER_HOME: this.home });
    const deadline = Date.now() + START_WITHIN_MS;
    for (;;) {
      try {
        const client = await BridgeClient.connect(socket);
        this.#clients.push(client);
        return client;
      } catch (error) {
        const ended = this.#process.exitCode !== null;
        if (ended || !(error instanceof DaemonUnreachableError) || Date.now() > deadline) {
          throw new Error(
            `larderd did not start:\n${await readFile(join(this.home, "larderd.log"), "utf8")}`,
            { cause: error },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
    }
    await rm(this.home, { recursive: true, force: true });
  }
}
