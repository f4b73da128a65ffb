import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Guard } from "./guard.js";

const GRACE_MS = 10_000;
const OUTPUT_KEPT = 10_000;

/** How a process is started; `log` is the descriptor of a file that takes what it prints. */
export interface LaunchOptions extends Pick<SpawnOptions, "uid" | "gid" | "cwd" | "env"> {
  readonly log?: number | "pipe";
}

/** One server process that can be started, ended and started again, and that its guard ends if we die. */
export class GuardedProcess {
  readonly #guard: Guard;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = "";

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** Resolves when the process started last has ended; at once where none was. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Its number while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The end of what the process started last has printed. */
  get output(): string {
    return this.#output;
  }

  /**
   * Starts the command; an error to start it shows as an early end.
   *
   * @param options.log descriptor of a file that takes what it prints, in place of {@link output}
   */
  launch(command: string, args: readonly string[], { log = "pipe", ...options }: LaunchOptions = {}): void {
    this.#output = "";
    // A process group of its own: Ctrl-C in a terminal reaches us, and we decide what ends when.
    const child = spawn(command, args, { ...options, stdio: ["ignore", log, log], detached: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
      });
    }
    this.#child = child;
    this.#guard.watch(child.pid);
    this.#exited = new Promise((resolve) => {
      const gone = (error?: unknown) => {
        if (error instanceof Error) this.#output += error.message;
        if (this.#child === child) {
          this.#child = undefined;
          this.#guard.watch(undefined); // its number may soon be another process's
        }
        resolve();
      };
      child.once("exit", () => gone());
      child.once("error", gone);
    });
  }

  /** From here on neither the process nor its output keeps a forgetful program alive; the guard ends both. */
  letGo(): void {
    const child = this.#child;
    if (!child) return;
    child.unref();
    for (const stream of [child.stdout, child.stderr]) {
      if (stream && "unref" in stream && typeof stream.unref === "function") stream.unref();
    }
  }

  /** Sends a signal and waits for the end; after ten seconds it is SIGKILL. */
  async terminate(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.ref(); // whoever awaits this must not find the event loop empty
    child.kill(signal);
    const force = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await this.#exited;
    clearTimeout(force);
  }
}
