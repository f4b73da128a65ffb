import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { readLog } from "../process/log.js";
import { PortTakenError } from "../process/port-taken-error.js";

/** Whether something accepts connections there now. */
function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}

/**
 * Resolves when each port accepts connections and the log says that it is this server that listens on them.
 *
 * @param options.logOffset where in the log this start begins, in bytes
 * @param options.exited settles (with anything) when the server's process ends
 * @throws {PortTakenError} the log says that a port was taken
 * @throws {Error} the process ended, or `timeoutMs` passed
 */
export async function waitUntilReady(options: {
  host: string;
  ports: readonly number[];
  logFile: string;
  logOffset: number;
  exited: Promise<unknown>;
  timeoutMs: number;
}): Promise<void> {
  const { host, ports, logFile, timeoutMs } = options;
  const deadline = Date.now() + timeoutMs;
  let ended = false;
  void options.exited.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  for (;;) {
    const log = await readLog(logFile, options.logOffset);
    if (log.includes("Failed to open server port")) throw new PortTakenError("a port was taken meanwhile");
    if (ended) throw new Error("Prosody ended while it started");
    const listening = ports.every((port) => log.includes(`]:${port}`));
    if (listening && (await Promise.all(ports.map((port) => accepts(port, host)))).every(Boolean)) return;
    if (Date.now() > deadline) throw new Error(`Prosody was not ready within ${timeoutMs} ms`);
    await delay(15);
  }
}
