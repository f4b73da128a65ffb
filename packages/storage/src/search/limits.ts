import { InvalidQueryError } from "../errors.js";

/** At most as many values as both engines bind beside everything else. */
export const MAX_VALUES = 1000;

/** @throws {InvalidQueryError} naming the list that has more entries */
export function checkLength(list: readonly unknown[] | undefined, most: number, where: string): void {
  if (list && list.length > most)
    throw new InvalidQueryError(where, `${where}: the list has more than ${most} entries`);
}
