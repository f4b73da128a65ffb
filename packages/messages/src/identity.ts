import type { LocalisedText, MessageRecord, NewMessage, Store } from "@larder/storage";

type Comparable = Pick<NewMessage, "bodies" | "subjects" | "encrypted" | "raw">;

/** The same words; a server may have stated the language of the stream, where we stated none. */
function sameWords(one: Comparable, other: Comparable): boolean {
  const words = (texts: readonly LocalisedText[]) => JSON.stringify(texts.map(({ text }) => text));
  return words(one.bodies) === words(other.bodies) && words(one.subjects) === words(other.subjects);
}

/** For how long an id without an origin-id counts as the same message: clients begin to count anew. */
const SAME_ID_MS = 300_000;
/** As long as that between a copy that names the archive's id and one that does not. */
const SAME_ID_ARCHIVED_MS = 86_400_000;

/** Whether two copies whose archive gave them ids gave them different ones. */
const apart = (known: MessageRecord, message: NewMessage): boolean =>
  known.stanzaId !== undefined &&
  message.stanzaId !== undefined &&
  !(known.stanzaId === message.stanzaId && known.stanzaIdBy === message.stanzaIdBy);

/** The sender is the same; in rooms our own messages may come back under another nick. */
const sameSender = (known: MessageRecord, message: NewMessage): boolean =>
  known.direction === message.direction && (known.direction === "out" || known.sender === message.sender);

/** Whether a message is a copy of one that is known by the same origin-id, or at least by the same id attribute. */
function isCopy(known: MessageRecord, message: NewMessage): boolean {
  if (!sameSender(known, message) || known.conversation !== message.conversation) return false;
  const sameOrigin = message.originId !== undefined && known.originId === message.originId;
  if (sameOrigin) {
    // Two ids of the archive: sent again after a lost session (XEP-0198 §4), where it says the same; another message by a
    // sender who uses its ids twice, where it does not.
    return !apart(known, message) || sameWords(known, message);
  }
  if (message.wireId === undefined || known.wireId !== message.wireId) return false;
  if (known.originId !== undefined && message.originId !== undefined) return false;
  if (known.retracted === undefined && !sameWords(known, message)) return false;
  const oneArchived = (known.stanzaId === undefined) !== (message.stanzaId === undefined);
  const bothPlain = known.stanzaId === undefined && message.stanzaId === undefined;
  const between = Math.abs(known.timestamp.getTime() - message.timestamp.getTime());
  // Without an archive only a delayed copy is one that the server kept while the first was on its way (XEP-0198 §4).
  if (bothPlain) return message.delayed && between < SAME_ID_MS;
  return oneArchived && between < SAME_ID_ARCHIVED_MS;
}

const wireNames = ({ conversation, originId, wireId }: NewMessage) =>
  [...new Set([originId, wireId])].flatMap((id) => (id === undefined ? [] : [{ conversation, id }]));

/** What is here of a batch, by the place in it. */
export interface Known {
  readonly copies: Map<number, MessageRecord>;
  /** Corrections that came before these, whose first versions they may be; by whom, is to be checked. */
  readonly standIns: Map<number, MessageRecord>;
}

/** Which messages of a batch are here already. */
export async function findKnown(
  { messages }: Store,
  accountId: number,
  batch: readonly NewMessage[],
): Promise<Known> {
  const known = new Map<number, MessageRecord>();
  const standIns = new Map<number, MessageRecord>();
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
  const rest = [...batch.entries()].filter(([place]) => !known.has(place));
  const candidates = await messages.byWireNames(
    accountId,
    rest.flatMap(([, message]) => wireNames(message)),
  );
  if (candidates.length === 0) return { copies: known, standIns };
  for (const [place, message] of rest) {
    const names = new Set(wireNames(message).map(({ id }) => id));
    const record = candidates.find(
      (candidate) =>
        names.has(candidate.asked) && candidate.standsFor === undefined && isCopy(candidate, message),
    );
    if (record) known.set(place, record);
    const standIn = candidates.find(({ standsFor }) => standsFor !== undefined && names.has(standsFor));
    if (!record && standIn) standIns.set(place, standIn);
  }
  return { copies: known, standIns };
}

/** Of messages that are all new, which repeat another of the same batch: place → place of the first. */
export function findRepeats(batch: readonly NewMessage[]): Map<number, number> {
  const firsts = new Map<string, number>();
  const repeats = new Map<number, number>();
  for (const [place, message] of batch.entries()) {
    const { conversation, direction, sender, originId, stanzaId, stanzaIdBy } = message;
    const author = direction === "out" ? "" : sender;
    const names = [
      ...(stanzaId === undefined ? [] : [JSON.stringify([stanzaIdBy, stanzaId])]),
      ...(originId === undefined ? [] : [JSON.stringify([conversation, direction, author, originId])]),
    ];
    const first = names.map((name) => firsts.get(name)).find((found) => found !== undefined);
    const original = first === undefined ? undefined : batch[first];
    if (first !== undefined && original && sameWords(original, message)) repeats.set(place, first);
    else for (const name of names) firsts.set(name, place);
  }
  return repeats;
}
