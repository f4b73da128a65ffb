import type { MessageHead, NewMessage, Store } from "@larder/storage";
import { isChanged, sameDigest, sameWords, type Words } from "./digest.js";

/** For how long an id without an origin-id counts as the same message: clients begin to count anew. */
const SAME_ID_MS = 300_000;
/** As long as that between a copy that names the archive's id and one that does not. */
const SAME_ID_ARCHIVED_MS = 86_400_000;

/** Whether the first versions of two messages say the same; `unknown` where one was changed and nothing else is left of it. */
type Sameness = "same" | "other" | "unknown";

/** A message that is here, with its texts where they had to be read. */
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

/** Whether two copies whose archive gave them ids gave them different ones. */
const apart = (known: ArchiveIds, message: ArchiveIds): boolean =>
  known.stanzaId !== undefined &&
  message.stanzaId !== undefined &&
  !(known.stanzaId === message.stanzaId && known.stanzaIdBy === message.stanzaIdBy);

/** The sender is the same; in rooms our own messages may come back under another nick. */
const sameSender = (known: MessageHead, message: NewMessage): boolean =>
  known.direction === message.direction && (known.direction === "out" || known.sender === message.sender);

/** Servers archive a note to oneself twice: as sent and as received. */
const isNoteToSelf = ({ direction, conversation, sender }: MessageHead | NewMessage): boolean =>
  direction === "out" && conversation === sender;

/** For how long a room may take to show us what we said. */
const REFLECTED_WITHIN_MS = 300_000;
/** The same where it gives no ids, so that nobody can tell what it has shown already. */
const REFLECTED_SOON_MS = 30_000;
/** By how much the stamp of a room may be off the time at which its message came. */
const STAMPED_WITHIN_MS = 30_000;
/** Older messages are not looked up by their words: nothing that we sent waits for so long to be shown. */
const WORDS_COUNT_MS = 86_400_000;

const near = (known: MessageHead, message: NewMessage, ms: number): boolean =>
  Math.abs(known.timestamp.getTime() - message.timestamp.getTime()) < ms;

/** What a room shows as ours, of which we have only what we sent. */
const isReflection = (known: MessageHead, message: NewMessage): boolean =>
  message.direction === "out" &&
  message.type === "groupchat" &&
  known.stanzaId === undefined &&
  known.state !== undefined &&
  near(known, message, REFLECTED_WITHIN_MS);

/**
 * A message that has no id in common with any that is here, found by its words: one of ours whose id the room has changed, or one
 * without ids that a room without archive tells again.
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
 * Whether a message is a copy of one that is known by the same origin-id, or at least by the same id attribute. That does not
 * depend on what has become of the known one since: of what was changed and has no digest, ids, sender and time decide.
 */
function isCopy(known: Known, message: NewMessage): boolean {
  const { head } = known;
  if (!sameSender(head, message) || head.conversation !== message.conversation) return false;
  if (message.originId !== undefined && head.originId === message.originId) {
    // Two ids of the archive: sent again after a lost session (XEP-0198 §4), where it says the same; another message by a
    // sender who uses its ids twice, where it does not.
    return !apart(head, message) || compare(known, message) !== "other";
  }
  if (message.wireId === undefined || head.wireId !== message.wireId) return false;
  if (head.originId !== undefined && message.originId !== undefined) return false;
  // A room may change what we say on its way (XEP-0045 §7.4): what comes back as ours under our id is ours.
  if (isReflection(head, message)) return true;
  const sameness = compare(known, message);
  if (sameness === "other") return false;
  const oneArchived = (head.stanzaId === undefined) !== (message.stanzaId === undefined);
  const between = Math.abs(head.timestamp.getTime() - message.timestamp.getTime());
  if (oneArchived || isChanged(head)) return between < SAME_ID_ARCHIVED_MS;
  if (isNoteToSelf(message)) return between < SAME_ID_MS;
  // Without an archive only a delayed copy is one that the server kept while the first was on its way (XEP-0198 §4).
  const bothPlain = head.stanzaId === undefined && message.stanzaId === undefined;
  return bothPlain && message.delayed && between < SAME_ID_MS;
}

/** What is here of a batch, by the place in it. */
export interface KnownOfBatch {
  readonly copies: Map<number, MessageHead>;
  /** Corrections that came before these, whose first versions they may be; by whom, is to be checked. */
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

/** Candidates that digests say nothing of are compared by their texts: those alone are read. */
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

/** Which messages of a batch are here already. */
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

/** Names that a message of one batch may have in common with another one of it. */
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

/** Of two messages of a batch that have a name in common, whether they are one: an archive's id means one message. */
function isRepeat(first: NewMessage, message: NewMessage): boolean {
  if (first.stanzaId !== undefined && message.stanzaId !== undefined && !apart(first, message)) return true;
  return first.retracted !== undefined || message.retracted !== undefined || sameWords(first, message);
}

/** Of messages that are all new, which repeat another of the same batch: place → place of the first. */
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
