import { accessSync, constants } from "node:fs";
import path from "node:path";

/**
 * Where a command is, looked up in PATH.
 *
 * @throws {Error} it is not installed; the message names the remedy
 */
export function requireCommand(name: string): string {
  for (const directory of (process.env.PATH ?? "").split(path.delimiter)) {
    if (directory === "") continue;
    const candidate = path.join(directory, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here: the next directory may have it.
    }
  }
  throw new Error(`the command "${name}" is not installed: run "npm run setup"`);
}
