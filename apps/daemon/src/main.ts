import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { instancePaths } from "@larder/core";
import { readConfiguration } from "./config.js";
import { prepareHome } from "./home.js";
import { createLog } from "./log.js";
import { configurationChanges } from "./reload.js";

const HELP = `larderd: the Larder daemon, in the foreground. It logs to standard error.

Usage: larderd [--help] [--version] [--check-config]
       larderd db COMMAND

  --check-config   read the configuration, say what is wrong with it, and end
  db               look after the database: status, migrate, rollback, check,
                   backup, restore, vacuum, export, import (larderd db --help)

Everything of an instance is under LARDER_HOME, or in the XDG base directories
without it. LARDER_DATABASE_URL names another database (sqlite:PATH
or postgres://USER@HOST/DATABASE).
SIGTERM and SIGINT end the daemon cleanly. SIGHUP has it read larder.toml again
(log.level, events.keepDays and events.keepCount hold at once, the rest from the
next start); on a terminal, which sends it when it closes, it ends the daemon.
`;

/** How long a clean end may take before it is forced. */
const STOP_WITHIN_MS = 4500;

function readArguments(): { help: boolean; version: boolean; checkConfig: boolean } {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "V" },
      "check-config": { type: "boolean" },
    },
    strict: true,
  });
  return {
    help: values.help ?? false,
    version: values.version ?? false,
    checkConfig: values["check-config"] ?? false,
  };
}

/** One line for the user, and the exit status: 2 for what was asked wrongly, 1 for what could not be done. */
function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`larderd: ${message.split("\n")[0]}\n`);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const wrongUse =
    (error instanceof Error && error.name === "InvalidParamsError") || code.startsWith("ERR_PARSE_ARGS_");
  process.exit(wrongUse ? 2 : 1);
}

/** Says whether a configuration can be used. */
async function checkConfiguration(file: string): Promise<string> {
  await readConfiguration(file);
  return existsSync(file)
    ? `${file}: nothing wrong`
    : `${file}: there is no such file; every setting has its default`;
}

async function main(): Promise<void> {
  if (process.argv[2] === "db") {
    const { runDb } = await import("./db/run.js");
    process.exitCode = await runDb(process.argv.slice(3));
    return;
  }
  // Only now: larderd db has no use for all that a daemon loads.
  const { Daemon, daemonVersion } = await import("./daemon.js");
  const options = readArguments();
  if (options.help) return void process.stdout.write(HELP);
  if (options.version) return void process.stdout.write(`larderd ${await daemonVersion()}\n`);
  process.umask(0o077); // whatever is made here is for this user alone, also in a directory that is not
  const paths = instancePaths();
  if (options.checkConfig)
    return void process.stdout.write(`${await checkConfiguration(paths.configFile)}\n`);
  const tightened = await prepareHome(paths);
  const config = await readConfiguration(paths.configFile);

  const log = createLog(config.log.level);
  for (const directory of tightened)
    log.warn({ directory }, "other users could write to this directory; now they cannot");
  let stopping = false;
  let status = 0;
  const onDatabaseLost = (err: Error) => {
    log.error({ err }, "the database is no longer this daemon's");
    status = 1;
    stop("SIGTERM");
  };
  let current = config;
  const reload = async () => {
    try {
      const next = await readConfiguration(paths.configFile);
      const changes = configurationChanges(current, next);
      log.level = next.log.level;
      (await starting).reload(next);
      current = next;
      log.info(changes, "larder.toml was read again");
    } catch (err) {
      log.error({ err }, "larder.toml was not read again: what held before still holds");
    }
  };
  const starting = Daemon.start({ paths, config, log, onDatabaseLost });
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => {
      log.warn({}, "stopping took too long; what is left is cut");
      process.exit(status);
    }, STOP_WITHIN_MS).unref();
    const stopped = starting.then((daemon) => daemon.stop());
    stopped.then(
      () => {
        log.info({}, "larderd has stopped");
        process.exit(status);
      },
      (err: unknown) => {
        log.error({ err }, "stopping failed");
        process.exit(1);
      },
    );
  };
  // From here on, also while a large database is being migrated; SIGHUP is what a terminal that closes sends.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);
  const onTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  process.on("SIGHUP", onTerminal ? stop : () => void reload());
  await starting;
}

main().catch(fail);
