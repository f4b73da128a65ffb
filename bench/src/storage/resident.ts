import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { report } from "./measure.js";

/** What the child tells: bytes. */
export interface Resident {
  readonly empty: number;
  readonly opened: number;
  readonly worked: number;
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

/** Memory of a process that opens the database and reads from it, and does nothing else. */
export async function benchMemory(url: string, rows: number): Promise<void> {
  const child = fork(fileURLToPath(new URL("./resident.child.js", import.meta.url)), [url, String(rows)]);
  const [told] = (await once(child, "message")) as [Resident];
  await once(child, "exit");
  report(
    "memory: modules loaded / opened / after reading",
    [told.empty, told.opened, told.worked].map(megabytes).join(" / "),
    "target 150 MB",
  );
}
