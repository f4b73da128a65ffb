import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { readLog } from "../process/log.js";
import { PortTakenError } from "../process/port-taken-error.js";

/** What a server's log says of its start so far. */
export type StartState = "starting" | "listening" | "port-taken";

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
 * @param options.server its name, for the errors
 * @param options.logOffset where in the log this start begins, in bytes
 * @param options.state reads the log of this start
 * @param options.exited settles (with anything) when the server's process ends
 * @throws {PortTakenError} the log says that a port was taken
 * @throws {Error} the process ended, or `timeoutMs` passed
 */
export async function waitUntilReady(options: {
  server: string;
  host: string;
  ports: readonly number[];
  logFile: string;
  logOffset: number;
  state: (log: string) => StartState;
  exited: Promise<unknown>;
  timeoutMs: number;
}): Promise<void> {
  const { server, host, ports, logFile, timeoutMs } = options;
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
    const state = options.state(await readLog(logFile, options.logOffset));
    if (state === "port-taken") throw new PortTakenError("a port was taken meanwhile");
    if (ended) throw new Error(`${server} ended while it started`);
    const all = () => Promise.all(ports.map((port) => accepts(port, host)));
    if (state === "listening" && (await all()).every(Boolean)) return;
    if (Date.now() > deadline) throw new Error(`${server} was not ready within ${timeoutMs} ms`);
    await delay(15);
  }
}
