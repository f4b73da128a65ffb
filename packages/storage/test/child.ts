import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A fixture that runs in a process of its own and tells by lines how far it is. */
export class Child {
  readonly lines: string[] = [];
  readonly ended: Promise<unknown>;
  #wake = () => {};

  /**
   * @param fixture name of the module in this directory
   * @param shell runs it under this command of a shell, in which `"$@"` is the program with its arguments
   */
  static start(fixture: string, args: readonly string[], shell?: string): Child {
    const program = [process.execPath, fileURLToPath(new URL(`./${fixture}.js`, import.meta.url)), ...args];
    const [command = "", ...rest] = shell === undefined ? program : ["sh", "-c", shell, "sh", ...program];
    return new Child(spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] }));
  }

  private constructor(readonly process: ChildProcess) {
    let rest = "";
    process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.#wake();
    });
    this.ended = once(process, "close").finally(() => this.#wake());
  }

  /** Resolves when it has told so many lines, or has ended. */
  async told(lines: number): Promise<void> {
    while (this.lines.length < lines && this.process.exitCode === null && this.process.signalCode === null)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** Ends it without notice. What it told before is in {@link lines} afterwards. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.ended;
  }
}
