import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";

/** The command line's program. */
export const larder = fileURLToPath(new URL("../bin/larder.js", import.meta.url));
// The daemon's program, not its package: the command line knows the bridge alone.
const larderd = fileURLToPath(new URL("../../daemon/bin/larderd.cjs", import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One instance with its daemon, and the command line to it. */
export class Instance {
  private constructor(readonly home: string) {}

  /** A home without a daemon. */
  static async empty(t: ExecutionContext): Promise<Instance> {
    const home = await mkdtemp(join(tmpdir(), "larder-cli-"));
    t.teardown(() => rm(home, { recursive: true, force: true }));
    return new Instance(home);
  }

  static async running(t: ExecutionContext): Promise<Instance> {
    const instance = await Instance.empty(t);
    await instance.startDaemon(t);
    await instance.run(["status", "--wait", "30"]);
    return instance;
  }

  async startDaemon(t: ExecutionContext): Promise<ChildProcess> {
    const child = spawn(process.execPath, [larderd], {
      env: { ...process.env, LARDER_HOME: this.home },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    t.teardown(async () => {
      child.kill("SIGTERM");
      await ended;
    });
    return child;
  }

  /** Runs the command line until it ends. Standard input is what is given, and never a terminal. */
  async run(
    args: readonly string[],
    options: { input?: string; env?: Record<string, string> } = {},
  ): Promise<Ended> {
    const child = spawn(process.execPath, [larder, ...args], {
      env: { ...process.env, NO_COLOR: "1", LARDER_HOME: this.home, TZ: "UTC", ...options.env },
    });
    const read = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        read[name] += chunk;
      });
    }
    child.stdin.end(options.input ?? "");
    const [code] = (await once(child, "close")) as [number];
    return { code, ...read };
  }

  /** As {@link run} with `--json`, the result read. */
  async json(
    args: readonly string[],
    options?: { input?: string; env?: Record<string, string> },
  ): Promise<unknown> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], options);
    if (code !== 0) throw new Error(`larder ${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as unknown;
  }
}
