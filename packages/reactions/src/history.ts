import type { ReactionChange } from "@larder/core";
import { normalForm } from "./emoji.js";

/** So many changes of one sender at one message are kept: nobody fills the store by tapping. */
const MAX_CHANGES = 200;

/**
 * Puts the changes of one sender at one message in order, and says which of them stands and since when each emoji has been
 * held without a break. The last one stands that was not refused (XEP-0444 §3.3), whatever the order in which they came.
 *
 * @returns `changes` in their order, `forgotten` the oldest of too many
 */
export function settle(history: readonly ReactionChange[]): {
  readonly changes: ReactionChange[];
  readonly forgotten: ReactionChange[];
} {
  const ordered = history
    .map((change, at) => ({ change, at }))
    .sort((one, other) => one.change.position - other.change.position || one.at - other.at)
    .map(({ change }) => change);
  const forgotten = ordered.splice(0, Math.max(0, ordered.length - MAX_CHANGES));
  const isFull = history.length >= MAX_CHANGES;
  const last = ordered.findLast(({ state }) => state !== "refused");
  let held = new Map<string, number>();
  const changes = ordered.map((change, at) => {
    if (change.state === "refused") return { ...change, stands: false };
    const earlier = held;
    held = new Map(
      change.emojis.map((emoji, place) => {
        // Where earlier ones may have been forgotten, the first of those that are left remembers.
        const since = at === 0 && isFull ? change.since[place] : earlier.get(normalForm(emoji));
        return [normalForm(emoji), since ?? change.position];
      }),
    );
    return { ...change, stands: change === last, since: [...held.values()] };
  });
  return { changes, forgotten };
}

/** The set that stands. */
export const standingSet = (history: readonly ReactionChange[]): readonly string[] =>
  history.find(({ stands }) => stands)?.emojis ?? [];

const same = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((value, at) => value === other[at]);

/** Whether a store has to be told of a change again. */
export function differs(change: ReactionChange, stored: ReactionChange | undefined): boolean {
  return (
    stored === undefined ||
    change.messageId !== stored.messageId ||
    change.position !== stored.position ||
    change.timestamp.getTime() !== stored.timestamp.getTime() ||
    change.placed !== stored.placed ||
    change.stands !== stored.stands ||
    change.stanzaId !== stored.stanzaId ||
    change.presentSince?.getTime() !== stored.presentSince?.getTime() ||
    change.state !== stored.state ||
    !same(change.since, stored.since)
  );
}
