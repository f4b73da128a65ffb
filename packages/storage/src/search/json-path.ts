import { InvalidQueryError } from "../errors.js";
import { isStorable } from "../sql.js";

/** A way into a JSON value: strings are keys, integers are array indexes, never the other. */
export type JsonPath = readonly (string | number)[];

const MAX_STEPS = 100;
/** Beyond what PostgreSQL can count to, and beyond any array that is kept. */
const NOWHERE = 2 ** 31 - 1;

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
      if (!Number.isSafeInteger(step) || step < 0) throw refuse("an index is an integer from 0 on");
    } else if (typeof step !== "string" || !isStorable(step)) {
      throw refuse("a key is a string without U+0000 and half surrogate pairs");
    }
  }
}

/** One text for one path, whatever its keys hold. */
export const pathKey = (path: JsonPath): string => JSON.stringify(path);

/**
 * A path as both engines write it: `$` and what follows. A key stands as JSON writes it, which is how the
 * stored text has it too.
 */
export const notation = (path: JsonPath): string =>
  `$${path.map((step) => (typeof step === "number" ? `[${Math.min(step, NOWHERE)}]` : `.${JSON.stringify(step)}`)).join("")}`;
