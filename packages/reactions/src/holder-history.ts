import type { Envelope, ReactionChange, ReactionTarget } from "@larder/core";
import { differs, settle, standingSet } from "./history.js";
import { type Difference, differenceOf, isNoDifference } from "./update.js";

/** A set as a stanza brings it, with what is certain about that. */
export interface Candidate {
  readonly change: Omit<ReactionChange, "since" | "timestamp" | "position" | "placed" | "stands">;
  readonly envelope: Envelope;
  /** Where the archive puts it. */
  readonly place?: number;
  readonly message?: ReactionTarget;
  /** Where only a nick says who it was: since when that has been there; null where nobody knows. */
  readonly presentSince?: Date | null;
}

/** A copy without ids is the same as what came live shortly before. */
const SAME_MS = 600_000;

const sameEmojis = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((emoji, at) => emoji === other[at]);

/** The changes of one sender at one message, while new ones are taken in. */
export class HolderHistory {
  #changes: ReactionChange[] = [];
  readonly #stored = new Map<number, ReactionChange>();
  #before: readonly string[] = [];

  load(change: ReactionChange): void {
    this.#changes.push(change);
    if (change.id !== undefined) this.#stored.set(change.id, change);
    this.#before = standingSet(this.#changes);
  }

  /** What waited for the message joins it. */
  receive(change: ReactionChange, messageId: number): void {
    if (change.id !== undefined) this.#stored.set(change.id, change);
    this.#changes.push({ ...change, messageId, presentSince: undefined });
  }

  /** Takes in what a stanza brings, unless it is here already or nobody can say that it is this sender's. */
  take(candidate: Candidate): void {
    const { change, envelope, place } = candidate;
    const archived = place !== undefined;
    const now = new Date();
    const timestamp = envelope.delay ?? now;
    const stanzaId = envelope.stanzaId?.id;
    const wireId = envelope.message.attrs.id || undefined;
    const known = this.#changes.findIndex((other) => isCopy(other, candidate, stanzaId, wireId, timestamp));
    const copy = this.#changes[known];
    if (copy) {
      this.#changes[known] = {
        ...copy,
        ...(stanzaId !== undefined && { stanzaId }),
        ...(archived && { placed: true, position: place, timestamp }),
        ...(copy.state === "pending" && { state: "sent" as const }), // it has arrived
      };
      return;
    }
    if (!isVouchedFor(candidate)) return;
    const { presentSince, message } = candidate;
    this.#changes.push({
      ...change,
      timestamp,
      position: place ?? this.#positionOf(timestamp, envelope.delay === undefined),
      placed: archived,
      stands: false,
      since: [],
      stanzaId,
      wireId,
      ...(message === undefined && presentSince && { presentSince }),
      ...(change.own && { state: "sent" as const }),
    });
  }

  /** Adds a change of our own that is about to go out: the newest. */
  add(
    change: Omit<ReactionChange, "since" | "timestamp" | "position" | "placed" | "stands">,
    now: Date,
  ): void {
    const position = this.#positionOf(now, true);
    this.#changes.push({ ...change, timestamp: now, position, placed: false, stands: false, since: [] });
  }

  /** One of our own was refused (XEP-0444 §3.3). @returns whether that was not known yet */
  refuse(wireId: string): boolean {
    const at = this.#changes.findIndex(
      ({ own, wireId: id, state }) => own && id === wireId && state !== "refused",
    );
    const change = this.#changes[at];
    if (change) this.#changes[at] = { ...change, state: "refused" };
    return change !== undefined;
  }

  /** The set that stands now. */
  get standing(): readonly string[] {
    return standingSet(this.#changes);
  }

  /** Everything in its order. */
  settle(): {
    readonly changed: readonly ReactionChange[];
    readonly forgotten: readonly number[];
    readonly last?: ReactionChange;
    /** Absent where the visible set is what it was. */
    readonly difference?: Difference;
  } {
    const { changes, forgotten } = settle(this.#changes);
    this.#changes = changes;
    const difference = differenceOf(this.#before, standingSet(changes));
    const last = changes.find(({ stands }) => stands) ?? changes.at(-1);
    return {
      changed: changes.filter((change) =>
        differs(change, change.id === undefined ? undefined : this.#stored.get(change.id)),
      ),
      forgotten: forgotten.flatMap(({ id }) => id ?? []),
      last,
      ...(!isNoDifference(difference) && { difference }),
    };
  }

  /** What comes now is the newest, whatever the clocks say; what was delayed stands at its time (§4.1). */
  #positionOf(timestamp: Date, isNow: boolean): number {
    const at = timestamp.getTime() * 1000;
    const others = this.#changes.filter(
      (change) => isNow || change.timestamp.getTime() === timestamp.getTime(),
    );
    return others.reduce((position, change) => Math.max(position, change.position + 1), at);
  }
}

/** The same stanza, come by another way: by the archive's id, else by the sender's where it says the same. */
function isCopy(
  known: ReactionChange,
  { change, place }: Candidate,
  stanzaId: string | undefined,
  wireId: string | undefined,
  timestamp: Date,
): boolean {
  if (known.stanzaId !== undefined && stanzaId !== undefined) return known.stanzaId === stanzaId;
  if (!sameEmojis(known.emojis, change.emojis) || known.target !== change.target) return false;
  if (known.wireId !== undefined || wireId !== undefined) return known.wireId === wireId;
  const between = Math.abs(known.timestamp.getTime() - timestamp.getTime());
  return place !== undefined && !known.placed && between < SAME_MS;
}

/**
 * A nick alone proves nothing, unless presence shows it with the same person since before the message: only then can they not
 * have reacted as somebody else (XEP-0444 §4.1). In an archive nobody can say that.
 */
function isVouchedFor({ presentSince, message, envelope, place }: Candidate): boolean {
  if (presentSince === undefined) return true;
  if (presentSince === null || place !== undefined || envelope.delay !== undefined) return false;
  return message === undefined || presentSince <= message.timestamp;
}
