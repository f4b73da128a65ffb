import { readFile } from "node:fs/promises";
import { errorFieldOf, hasErrorType } from "@larder/core/bridge";
import { CommanderError } from "commander";
import pc from "picocolors";
import { exitCodeOf, exitCodes } from "./exit-codes.js";
import { createProgram } from "./program.js";

/** One line for a person; with --json a document on standard error. */
function report(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint =
    exitCodeOf(error) === exitCodes.unreachable
      ? "; start it with larderd, or name its home in LARDER_HOME"
      : "";
  if (!json) process.stderr.write(`${pc.red("larder:")} ${message}${hint}\n`);
  else {
    const path = error instanceof Error && "path" in error ? { path: error.path } : {};
    const body = hasErrorType(error) ? errorFieldOf(error) : { message: `${message}${hint}` };
    process.stderr.write(`${JSON.stringify({ error: { ...body, ...path } })}\n`);
  }
}

async function main(): Promise<number> {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const program = createProgram(manifest.version);
  try {
    await program.parseAsync(process.argv);
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done; // --help and --version
      const message =
        error.code === "commander.help"
          ? "say which command; larder --help lists them"
          : error.message.replace(/^error: /, "");
      process.stderr.write(`${pc.red("larder:")} ${message}\n`);
      return exitCodes.usage;
    }
    report(error, process.argv.includes("--json"));
    return exitCodeOf(error);
  }
}

// A reader that has seen enough (head) closes the pipe: that is no failure. A full disk is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  process.stderr.write(`${pc.red("larder:")} standard output cannot be written to (${error.code})\n`);
  process.exit(exitCodes.failed);
});
process.exitCode = await main();
