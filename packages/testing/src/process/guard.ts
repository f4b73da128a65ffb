import { type ChildProcess, spawn } from "node:child_process";

/**
 * Reads process ids, one a line; the last one counts, an empty line means none. When its standard input ends,
 * which happens however the parent dies (SIGKILL too, where no handler runs), it ends that process and removes
 * the directory. A process that its signal does not end within five seconds is killed; what its children still
 * write while the directory is removed is removed in the next round.
 */
const SCRIPT = `
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$2" "$pid" 2>/dev/null
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  kill -s KILL "$pid" 2>/dev/null
fi
for _ in $(seq 100); do rm -rf -- "$1" 2>/dev/null && break; sleep 0.05; done
`;

/** Sees to it that neither a process nor a directory outlives this program. */
export class Guard {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<void>;

  /** @param signal what ends the process when this program dies; a program with children may need to hear it */
  constructor(directory: string, signal: "KILL" | "QUIT" = "KILL") {
    // A process group of its own: Ctrl-C in a terminal must not end the guard before what it guards.
    const shell = spawn("/bin/sh", ["-c", SCRIPT, "larder-guard", directory, signal], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    shell.stdin.on("error", () => {}); // it was killed from outside: nothing left to tell it
    shell.unref();
    this.#shell = shell;
    this.#ended = new Promise((resolve, reject) => {
      shell.once("exit", () => resolve());
      shell.once("error", reject);
    });
    this.#ended.catch(() => {}); // told by `end`
  }

  /** The process to be ended if this program dies; undefined where there is none now. */
  watch(pid: number | undefined): void {
    this.#shell.stdin?.write(`${pid ?? ""}\n`);
  }

  /** Resolves when the guard has removed the directory and is gone. */
  async end(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin?.end();
    await this.#ended;
  }
}
