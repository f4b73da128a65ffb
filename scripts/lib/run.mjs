import { spawn } from "node:child_process";
import { root } from "./root.mjs";

/** A command that failed; `output` is what it printed. */
export class CommandError extends Error {
  constructor(command, result) {
    super(`${command} ended with ${result.signal ?? `exit code ${result.code}`}`);
    this.output = result.output;
  }
}

/**
 * Runs a command and resolves with `{ code, signal, output }`, whatever the code is. A signal that ends this
 * program ends the command too.
 *
 * @param options.onLine called with every line of output, for commands whose output is shown as it comes
 * @param options.stdio "inherit" hands the terminal over, for commands that ask something; output is then empty
 */
export function tryRun(command, args, { cwd = root, env = {}, onLine, stdio = "pipe" } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: stdio === "inherit" ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    const pass = (signal) => {
      child.kill(signal);
      stopListening();
      process.kill(process.pid, signal);
    };
    const stopListening = () => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, pass);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, pass);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (!onLine) return;
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) onLine(line);
      });
      stream?.on("end", () => {
        if (onLine && rest !== "") onLine(rest);
      });
    }
    child.once("error", (error) => {
      stopListening();
      reject(error);
    });
    child.once("close", (code, signal) => {
      stopListening();
      resolve({ code, signal, output });
    });
  });
}

/** As {@link tryRun}, and rejects with a {@link CommandError} unless the exit code is 0. */
export async function run(command, args, options) {
  const result = await tryRun(command, args, options);
  if (result.code !== 0) throw new CommandError([command, ...args].join(" "), result);
  return result;
}
