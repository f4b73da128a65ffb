import { constants } from "node:os";
import { parseArgs } from "node:util";
import { startProsody } from "@larder/testing";
import { DemoDaemon } from "./daemon.js";
import { dim, heading, say } from "./tell.js";
import { suggest, tour, users } from "./tour.js";

const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });

/** The signal that asks the demo to end. It still puts everything away, so nothing else may listen for them. */
const interrupted = new Promise<"SIGINT" | "SIGTERM" | "SIGHUP">((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve(signal));
});

/** @returns the exit code, when server and daemon are gone with their files */
async function demo(): Promise<number> {
  heading("A private Prosody and a larderd start, in temporary directories");
  await using server = await startProsody({ users });
  await using daemon = await DemoDaemon.start();
  const signal = await Promise.race([tour(server, daemon), interrupted]);
  if (signal) return 128 + constants.signals[signal];
  if (values.keep) {
    suggest(server, daemon);
    await interrupted;
    say(dim("stopping"));
  }
  return 0;
}

process.exit(await demo()); // after an interruption the tour still waits for signals that will not come
