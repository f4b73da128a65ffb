import { type ChildProcess, spawn } from "node:child_process";

/**
 * Reads process ids, one a line; the last one counts, an empty line means none. When its standard input ends,
 * which happens however the parent dies (SIGKILL too, where no handler runs), it kills that process and removes
 * the directory.
 */
const SCRIPT = `
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
rm -rf -- "$1"
`;

/** Sees to it that neither a process nor a directory outlives this program. */
export class Guard {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(directory: string) {
    // A process group of its own: Ctrl-C in a terminal must not end the guard before what it guards.
    const shell = spawn("/bin/sh", ["-c", SCRIPT, "larder-guard", directory], {
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

  /** The process to be killed if this program dies; undefined where there is none now. */
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
