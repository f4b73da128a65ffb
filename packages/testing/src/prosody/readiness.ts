import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

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

/** The log as far as it is written, from a byte offset on; empty where there is none yet. */
async function readLog(file: string, offset = 0): Promise<string> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  return bytes.subarray(offset).toString("utf8");
}

/** How many bytes the log holds; 0 where there is none yet. */
export async function logSize(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** The last lines of a log, for an error message. */
export async function logTail(file: string, lines = 25): Promise<string> {
  return (await readLog(file)).trimEnd().split("\n").slice(-lines).join("\n");
}

/** Another program took a port between our looking and Prosody's listening. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
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
