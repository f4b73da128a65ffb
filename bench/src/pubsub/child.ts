import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";

/** Something in a process of its own that answers one question after the other. */
export class Child implements AsyncDisposable {
  private constructor(private readonly process: ChildProcess) {}

  /** @param module URL of the program; stderr is ours */
  static start(module: URL, env: NodeJS.ProcessEnv = {}): Child {
    return new Child(fork(module, { env: { ...process.env, ...env }, execArgv: [] }));
  }

  static of(process: ChildProcess): Child {
    return new Child(process);
  }

  async ask<Answer>(question: Serializable): Promise<Answer> {
    const settled = new AbortController();
    const { signal } = settled;
    try {
      const answered = once(this.process, "message", { signal });
      const ended = once(this.process, "exit", { signal }).then(() => {
        throw new Error("the process ended before it answered");
      });
      this.process.send(question);
      const [answer] = await Promise.race([answered, ended]);
      if (answer?.error !== undefined) throw new Error(answer.error);
      return answer as Answer;
    } finally {
      settled.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await ended;
  }
}
