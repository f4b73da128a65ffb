import { UsageError } from "./exit-codes.js";

/**
 * Fields of a data form from `name=value` pairs; a name given twice has several values.
 *
 * @throws {UsageError} naming the pair that is none
 */
export function formFields(
  pairs: readonly string[] | undefined,
): Record<string, string | string[]> | undefined {
  if (!pairs) return undefined;
  const found: Record<string, string | string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`"${pair}" is not NAME=VALUE`);
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const earlier = found[name];
    found[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return found;
}
