import { bareJid, errorFieldOf, type MucPresence, mucStatus, StanzaError } from "@larder/core";
import type { RoomRemoval } from "@larder/storage";

/** Meaning of each status for the end of our presence in a room (XEP-0045 §8.2, §9.1, §9.4). */
const removals: readonly (readonly [status: number, what: string])[] = [
  [mucStatus.banned, "banned"],
  [mucStatus.kicked, "kicked"],
  [mucStatus.affiliationChanged, "no longer a member"],
  [mucStatus.membersOnly, "the room is for members only now"],
];

/** Statuses of an end that is nobody's wish: the service stops, or the connection to us broke (§9.1, §15.6). */
const technical = [mucStatus.error, mucStatus.shutdown] as const;

/** End of our presence in a room. */
export interface RoomEnding {
  readonly error: StanzaError;
  /** Absent where it is a passing fault, after which we join again. */
  readonly removal?: RoomRemoval;
}

const endedBy = (room: string, condition: string, what: string, reason: string | undefined) =>
  new StanzaError(condition, { from: room, text: reason === undefined ? what : `${what}: ${reason}` });

/** Reads our own unavailable presence, which ends our being in the room. */
export function endingOf({ room, statuses, reason, destroyed }: MucPresence): RoomEnding {
  if (destroyed) {
    const { alternate } = destroyed;
    const error = endedBy(room, "gone", "the room was destroyed", reason);
    return { error, removal: { reason, alternate, error: errorFieldOf(error), destroyed: true } };
  }
  const what = technical.some((status) => statuses.has(status))
    ? undefined
    : removals.find(([status]) => statuses.has(status))?.[1];
  if (what === undefined)
    return { error: endedBy(room, "recipient-unavailable", "our connection to the room was lost", reason) };
  const error = endedBy(room, "forbidden", `removed from the room (${what})`, reason);
  return { error, removal: { reason, error: errorFieldOf(error), destroyed: false } };
}

/** The address of a URI (`xmpp:other@rooms.example?join`), or an address as it is. */
const addressOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : bareJid(text.replace(/^xmpp:/i, "").replace(/[?#;].*$/s, ""));

/**
 * Reads the error of a room that we tried to enter by ourselves.
 *
 * @returns undefined where it may pass: then another attempt follows
 */
export function refusalOf(error: unknown): RoomRemoval | undefined {
  if (!(error instanceof StanzaError) || error.retryable) return undefined;
  if (error.condition === "remote-server-not-found" || error.condition === "conflict") return undefined;
  const destroyed = error.condition === "gone";
  return {
    reason: error.text,
    alternate: destroyed ? addressOf(error.details.newAddress) : undefined,
    error: errorFieldOf(error),
    destroyed,
  };
}

/** The room is not there: nobody is in it, or it was destroyed. */
export const isNotThere = (error: unknown): error is StanzaError =>
  error instanceof StanzaError && (error.condition === "item-not-found" || error.condition === "gone");
