import { accessSync, constants } from "node:fs";
import path from "node:path";

/** Whether there is a program at that path which we may run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The directories of PATH, in its order. */
export function searchPath(): string[] {
  return (process.env.PATH ?? "").split(path.delimiter).filter((directory) => directory !== "");
}

/**
 * Where a command is, looked up in PATH.
 *
 * @throws {Error} it is not installed; the message names the remedy
 */
export function requireCommand(name: string): string {
  const found = searchPath()
    .map((directory) => path.join(directory, name))
    .find(isExecutable);
  if (found === undefined) throw new Error(`the command "${name}" is not installed: run "npm run setup"`);
  return found;
}
