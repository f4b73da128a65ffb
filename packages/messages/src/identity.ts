import type { MessageHead, NewMessage, Store } from "@larder/storage";
import { isChanged, sameDigest, sameWords, type Words } from "./digest.js";

/** The time within which an id without an origin-id means the same message: clients begin to count anew. */
const SAME_ID_MS = 300_000;
/** The same between a copy with the archive's id and one without it. */
const SAME_ID_ARCHIVED_MS = 86_400_000;

/** The comparison of the first versions of two messages; `unknown` if one was changed and has no digest of its first version. */
type Sameness = "same" | "other" | "unknown";

/** A stored message, with its texts if they had to be read. */
interface Known {
  readonly head: MessageHead;
  readonly words?: Words;
}

function compare({ head, words }: Known, message: NewMessage): Sameness {
  const same = sameDigest(head, message);
  if (same !== undefined) return same ? "same" : "other";
  if (isChanged(head) || isChanged(message) || !words) return "unknown";
  return sameWords(words, message) ? "same" : "other";
}

type ArchiveIds = Pick<MessageHead, "stanzaId" | "stanzaIdBy">;

/** Returns true if both copies have ids of an archive, and different ones. */
const apart = (known: ArchiveIds, message: ArchiveIds): boolean =>
  known.stanzaId !== undefined &&
  message.stanzaId !== undefined &&
  !(known.stanzaId === message.stanzaId && known.stanzaIdBy === message.stanzaIdBy);

/** Returns true if the sender is the same. In rooms our own messages may come back under another nick. */
const sameSender = (known: MessageHead, message: NewMessage): boolean =>
  known.direction === message.direction && (known.direction === "out" || known.sender === message.sender);

/** Servers archive a note to oneself twice: as sent and as received. */
const isNoteToSelf = ({ direction, conversation, sender }: MessageHead | NewMessage): boolean =>
  direction === "out" && conversation === sender;

/** The time within which a room may send our own message back to us. */
const REFLECTED_WITHIN_MS = 300_000;
/** The same if the room gives no ids, so that a repetition cannot be told from a new message. */
const REFLECTED_SOON_MS = 30_000;
/** The most that the stamp of a room may differ from the time at which its message came. */
const STAMPED_WITHIN_MS = 30_000;
/** The age from which messages are not looked up by their words: no room takes so long to send our message back. */
const WORDS_COUNT_MS = 86_400_000;

const near = (known: MessageHead, message: NewMessage, ms: number): boolean =>
  Math.abs(known.timestamp.getTime() - message.timestamp.getTime()) < ms;

/** Returns true if the room sends back a message of ours, of which we have only what we sent. */
const isReflection = (known: MessageHead, message: NewMessage): boolean =>
  message.direction === "out" &&
  message.type === "groupchat" &&
  known.stanzaId === undefined &&
  known.state !== undefined &&
  near(known, message, REFLECTED_WITHIN_MS);

/**
 * Finds the stored copy of a room's message by its words. No id leads to it if the room has changed the id of our message, or if
 * the message has no ids and a room without archive sends it again.
 */
async function byWords(
  { messages }: Store,
  accountId: number,
  message: NewMessage,
  taken: ReadonlySet<number>,
): Promise<MessageHead | undefined> {
  const { conversation, direction, digest, type, wireId, originId, stanzaId } = message;
  if (digest === undefined || type !== "groupchat") return undefined;
  const hasNoId = wireId === undefined && originId === undefined && stanzaId === undefined;
  const isOurs = direction === "out" && originId === undefined;
  if (!isOurs && !(hasNoId && message.delayed)) return undefined;
  if (Date.now() - message.timestamp.getTime() > WORDS_COUNT_MS && !hasNoId) return undefined;
  const found = await messages.ofWords({
    accountId,
    conversation,
    direction,
    digest,
    near: message.timestamp,
    withinMs: hasNoId ? STAMPED_WITHIN_MS : stanzaId ? REFLECTED_WITHIN_MS : REFLECTED_SOON_MS,
  });
  return found.find((head) => {
    if (taken.has(head.id) || head.standsFor !== undefined) return false;
    if (isOurs && head.originId !== undefined) return isReflection(head, message);
    if (head.wireId !== undefined || head.originId !== undefined || !sameSender(head, message)) return false;
    return !head.delayed || head.timestamp.getTime() === message.timestamp.getTime();
  });
}

/**
 * Decides if a message is a copy of a stored one with the same origin-id, or at least the same id attribute. Later changes of the
 * stored one do not matter: if it was changed and has no digest, ids, sender and time decide.
 */
function isCopy(known: Known, message: NewMessage): boolean {
  const { head } = known;
  if (!sameSender(head, message) || head.conversation !== message.conversation) return false;
  if (message.originId !== undefined && head.originId === message.originId) {
    // If the archive has two ids, the words decide. The same words were sent again after a lost session (XEP-0198 §4); other words
    // are another message, by a sender that uses its ids twice.
    return !apart(head, message) || compare(known, message) !== "other";
  }
  if (message.wireId === undefined || head.wireId !== message.wireId) return false;
  if (head.originId !== undefined && message.originId !== undefined) return false;
  // A room may change our message on its way (XEP-0045 §7.4): if it comes back as ours under our id, it is ours.
  if (isReflection(head, message)) return true;
  const sameness = compare(known, message);
  if (sameness === "other") return false;
  const oneArchived = (head.stanzaId === undefined) !== (message.stanzaId === undefined);
  const between = Math.abs(head.timestamp.getTime() - message.timestamp.getTime());
  if (oneArchived || isChanged(head)) return between < SAME_ID_ARCHIVED_MS;
  if (isNoteToSelf(message)) return between < SAME_ID_MS;
  // Without an archive only a delayed message is a copy: the server stored it while the first was on its way (XEP-0198 §4).
  const bothPlain = head.stanzaId === undefined && message.stanzaId === undefined;
  return bothPlain && message.delayed && between < SAME_ID_MS;
}

/** The stored messages that belong to those of a batch, by their places in it. */
export interface KnownOfBatch {
  readonly copies: Map<number, MessageHead>;
  /** Corrections that came first and may be of these messages, if they have the same author. */
  readonly standIns: Map<number, MessageHead[]>;
}

async function byArchiveIds(
  { messages }: Store,
  accountId: number,
  batch: readonly NewMessage[],
): Promise<Map<number, MessageHead>> {
  const known = new Map<number, MessageHead>();
  const archives = new Map<string, string[]>();
  for (const { stanzaId, stanzaIdBy } of batch) {
    if (stanzaId === undefined || stanzaIdBy === undefined) continue;
    const ids = archives.get(stanzaIdBy);
    if (ids) ids.push(stanzaId);
    else archives.set(stanzaIdBy, [stanzaId]);
  }
  for (const [by, ids] of archives) {
    const found = await messages.byStanzaIds(accountId, by, ids);
    for (const [place, message] of batch.entries()) {
      const record = message.stanzaIdBy === by && found.get(message.stanzaId ?? "");
      if (record) known.set(place, record);
    }
  }
  return known;
}

/** Reads the texts of the candidates that cannot be compared by digests. */
async function withWords(
  { messages }: Store,
  candidates: readonly { readonly head: MessageHead; readonly message: NewMessage | undefined }[],
): Promise<Map<number, Words>> {
  const ids = candidates.flatMap(({ head, message }) =>
    message && !isChanged(head) && sameDigest(head, message) === undefined ? head.id : [],
  );
  if (ids.length === 0) return new Map();
  return new Map((await messages.byIds([...new Set(ids)])).map((record) => [record.id, record]));
}

/** Finds the messages of a batch that are stored already. */
export async function findKnown(
  store: Store,
  accountId: number,
  batch: readonly NewMessage[],
): Promise<KnownOfBatch> {
  const copies = await byArchiveIds(store, accountId, batch);
  const standIns = new Map<number, MessageHead[]>();
  const rest = [...batch.entries()].filter(([place]) => !copies.has(place));
  const candidates = await store.messages.copyCandidates(
    accountId,
    rest.map(([, message]) => message),
  );
  const words = await withWords(
    store,
    candidates.map(({ place, head }) => ({ head, message: rest[place]?.[1] })),
  );
  candidates.sort((one, other) => one.head.id - other.head.id);
  for (const { place: sought, head } of candidates) {
    const [place, message] = rest[sought] ?? [];
    if (place === undefined || !message || copies.has(place)) continue;
    if (head.standsFor !== undefined) standIns.set(place, [...(standIns.get(place) ?? []), head]);
    else if (isCopy({ head, words: words.get(head.id) }, message)) copies.set(place, head);
  }
  const taken = new Set([...copies.values()].map(({ id }) => id));
  for (const [place, message] of rest) {
    if (copies.has(place) || standIns.has(place)) continue;
    const head = await byWords(store, accountId, message, taken);
    if (!head) continue;
    copies.set(place, head);
    taken.add(head.id);
  }
  for (const place of copies.keys()) standIns.delete(place);
  return { copies, standIns };
}

/** Lists the ids by which another message of the same batch may be a copy of this one. */
function namesOf(message: NewMessage): string[] {
  const { conversation, direction, sender, originId, wireId, stanzaId, stanzaIdBy } = message;
  const author = direction === "out" ? "" : sender;
  const scope = [conversation, direction, author];
  return [
    ...(stanzaId === undefined ? [] : [JSON.stringify([stanzaIdBy, stanzaId])]),
    ...(originId === undefined ? [] : [JSON.stringify([...scope, "origin", originId])]),
    ...(wireId === undefined || !isNoteToSelf(message) ? [] : [JSON.stringify([...scope, "id", wireId])]),
  ];
}

/** Decides if two messages of a batch with a common id are copies: an id of an archive belongs to one message. */
function isRepeat(first: NewMessage, message: NewMessage): boolean {
  if (first.stanzaId !== undefined && message.stanzaId !== undefined && !apart(first, message)) return true;
  return first.retracted !== undefined || message.retracted !== undefined || sameWords(first, message);
}

/** Finds the repetitions among new messages of one batch: place → place of the first. */
export function findRepeats(batch: readonly NewMessage[]): Map<number, number> {
  const firsts = new Map<string, number>();
  const repeats = new Map<number, number>();
  for (const [place, message] of batch.entries()) {
    const names = namesOf(message);
    const first = names.map((name) => firsts.get(name)).find((found) => found !== undefined);
    const original = first === undefined ? undefined : batch[first];
    if (first !== undefined && original && isRepeat(original, message)) repeats.set(place, first);
    else for (const name of names) firsts.set(name, place);
  }
  return repeats;
}
