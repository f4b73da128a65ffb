import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

/** Fields whose values are never written, wherever they stand. */
const SECRETS = ["password", "*.password", "token", "*.token", "*.*.token"];

/** The log on standard error: readable lines on a terminal, a JSON object a line elsewhere. */
export function createLog(level: string): Logger {
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: SECRETS,
  };
  const destination = process.stderr.isTTY
    ? pretty({
        destination: 2,
        sync: true,
        translateTime: "SYS:HH:MM:ss",
        ignore: "pid,hostname",
        singleLine: true,
      })
    : pino.destination({ dest: 2, sync: true });
  return pino(options, destination);
}
