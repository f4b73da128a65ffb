import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./root.mjs";

/**
 * Goes on as another program, in this same process: signals, terminal and exit code are the program's own, and
 * there is no child that could be left behind.
 */
export async function become(script, args) {
  const file = path.join(root, script);
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}
