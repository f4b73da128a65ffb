import { errorFieldOf, hasErrorType, instancePaths } from "@larder/core";
import type { Command } from "commander";
import { CommanderError } from "commander";
import { createDbProgram, type Outcome } from "./program.js";

/** CONTRACT: what an exit status means. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

function prepare(command: Command): void {
  command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError();
  for (const child of command.commands) prepare(child);
}

function report(error: unknown, json: boolean): number {
  const message = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
  if (json) {
    const body = hasErrorType(error) ? errorFieldOf(error) : { message };
    process.stderr.write(`${JSON.stringify({ error: body })}\n`);
  } else process.stderr.write(`larderd: ${message}\n`);
  return error instanceof Error && error.name === "InvalidParamsError" ? EXIT.usage : EXIT.failed;
}

/**
 * Runs `larderd db` with the arguments after `db`.
 *
 * @returns the exit status
 */
export async function runDb(args: readonly string[]): Promise<number> {
  process.umask(0o077); // whatever is made here is for this user alone
  // A reader that has seen enough (head) closes the pipe: that is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.done);
  });
  let outcome: Outcome = "done";
  const program = createDbProgram(
    () => instancePaths(),
    (found) => {
      outcome = found;
    },
  );
  prepare(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return EXIT[outcome];
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, args.includes("--json"));
    if (error.exitCode === 0) return EXIT.done; // --help
    const message =
      error.code === "commander.help"
        ? "say which command; larderd db --help lists them"
        : error.message.replace(/^error: /, "");
    process.stderr.write(`larderd: ${message}\n`);
    return EXIT.usage;
  }
}
