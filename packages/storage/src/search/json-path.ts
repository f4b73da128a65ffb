import { InvalidQueryError } from "../errors.js";
import { isStorable } from "../sql.js";

/** A way into a JSON value: strings are keys, integers are array indexes, never the other. */
export type JsonPath = readonly (string | number)[];

const MAX_STEPS = 100;
const MAX_INDEX = 2 ** 31 - 1;

/**
 * Refuses a path that no engine could follow.
 *
 * @param where names the path in the error, for example `parsed.0.path`
 * @throws {InvalidQueryError} it is empty or too long, an index is none, or a key could not be stored
 */
export function checkPath(path: JsonPath, where: string): void {
  const refuse = (why: string) => new InvalidQueryError(where, `${where}: ${why}`);
  if (path.length === 0) throw refuse("the path is empty");
  if (path.length > MAX_STEPS) throw refuse(`the path has more than ${MAX_STEPS} steps`);
  for (const step of path) {
    if (typeof step === "number") {
      if (!Number.isInteger(step) || step < 0 || step > MAX_INDEX)
        throw refuse(`an index is an integer from 0 to ${MAX_INDEX}`);
    } else if (typeof step !== "string" || !isStorable(step)) {
      throw refuse("a key is a string without U+0000 and half surrogate pairs");
    }
  }
}

/** One text for one path, whatever its keys hold. */
export const pathKey = (path: JsonPath): string => JSON.stringify(path);
