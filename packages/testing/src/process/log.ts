import { readFile, stat } from "node:fs/promises";

/** The log as far as it is written, from a byte offset on; empty where there is none yet. */
export async function readLog(file: string, offset = 0): Promise<string> {
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
