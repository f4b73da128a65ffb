import { InvalidParamsError, isBridgeSignal } from "@larder/core";

/**
 * The signals that a caller wants.
 *
 * @returns undefined for all of them
 * @throws {InvalidParamsError} there is no signal of that name
 */
export function wantedSignals(names: readonly string[] | undefined): string[] | undefined {
  if (names === undefined || names.includes("*")) return undefined;
  names.forEach((name, index) => {
    if (!isBridgeSignal(name))
      throw new InvalidParamsError(`signals.${index}`, `signals.${index}: there is no signal "${name}"`);
  });
  return [...names];
}
