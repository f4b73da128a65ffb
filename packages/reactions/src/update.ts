import { normalForm, withoutRepeats } from "./emoji.js";

export type ReactionUpdate = "replace" | "add" | "remove" | "toggle";

const holds = (set: readonly string[], emoji: string): boolean =>
  set.some((other) => normalForm(other) === normalForm(emoji));

/** The set that an update makes of another, compared by normal form; what stays keeps its place. */
export function applyUpdate(
  current: readonly string[],
  given: readonly string[],
  update: ReactionUpdate,
): string[] {
  const kept = current.filter((emoji) => !holds(given, emoji));
  switch (update) {
    case "replace":
      return withoutRepeats(given);
    case "add":
      return withoutRepeats([...current, ...given]);
    case "remove":
      return kept;
    case "toggle":
      return withoutRepeats([...kept, ...given.filter((emoji) => !holds(current, emoji))]);
  }
}

/** What one set has that another has not, and the other way round, by normal form. */
export interface Difference {
  readonly added: string[];
  readonly removed: string[];
}

export function differenceOf(before: readonly string[], after: readonly string[]): Difference {
  return {
    added: after.filter((emoji) => !holds(before, emoji)),
    removed: before.filter((emoji) => !holds(after, emoji)),
  };
}

export const isNoDifference = ({ added, removed }: Difference): boolean =>
  added.length === 0 && removed.length === 0;
