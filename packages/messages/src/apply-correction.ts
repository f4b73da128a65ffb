import type { NewMessage } from "@larder/storage";
import { digestBefore } from "./apply-retraction.js";
import { arrived } from "./arrival.js";
import { authorship } from "./author.js";
import { tell, type Work } from "./batch.js";
import type { Classified } from "./classify.js";

export type Correction = Extract<Classified, { kind: "correction" }>;

/** What is to become of a correction that cannot take a message's place. */
export type Leftover = NewMessage | undefined;

/** An archive that has whole seconds may mean the end of this one. */
const latest = (timestamp: Date): number =>
  timestamp.getTime() + (timestamp.getTime() % 1000 === 0 ? 999 : 0);

/** The ids of a correction lead to the message from now on. */
export async function remember(
  { store, account, named }: Work,
  messageId: number,
  message: Pick<NewMessage, "conversation" | "sender" | "wireId" | "originId" | "stanzaId" | "stanzaIdBy">,
): Promise<void> {
  const { conversation, sender, wireId, originId, stanzaId, stanzaIdBy } = message;
  const base = { messageId, accountId: account.id, conversation, correction: true } as const;
  named.set(messageId, conversation);
  if (wireId !== undefined)
    await store.aliases.add({ ...base, kind: "wire", value: wireId, givenBy: sender });
  if (originId !== undefined)
    await store.aliases.add({ ...base, kind: "origin", value: originId, givenBy: sender });
  if (stanzaId !== undefined && stanzaIdBy !== undefined)
    await store.aliases.add({ ...base, kind: "stanza", value: stanzaId, givenBy: stanzaIdBy });
}

/**
 * Puts a correction in the place of what its author said before (XEP-0308). The last one counts, whatever the order in
 * which they come; a retracted message stays away.
 *
 * @returns what has to be kept as a message of its own: a correction whose first version is not here, or one in a room
 *   where nobody can say that it is the author's; nothing where it is done, or forged
 */
export async function applyCorrection(work: Work, correction: Correction): Promise<Leftover> {
  const { store, account, presentSince } = work;
  const { message, target, envelope } = correction;
  const { conversation } = message;
  const ids = [...new Set([target, message.originId, message.wireId])].flatMap((id) => id ?? []);
  const { direction, sender, room } = envelope;
  const candidates = await store.messages.byWireNames(
    account.id,
    ids.map((id) => ({ conversation, id })),
    room === undefined ? { direction, sender } : {},
  );
  const rated = candidates.map((record) => ({ record, by: authorship(record, envelope, presentSince) }));
  // It was taken in before under its own id, when it was certain who had sent it; nothing that it says counts a second time.
  const again = rated.find(
    ({ record, by }) =>
      record.asked !== target &&
      (by !== "other" || (record.direction === "out" && envelope.direction === "out")),
  );
  if (again) {
    const { record } = again;
    if (record.standsFor === target && message.stanzaId !== undefined && message.stanzaIdBy !== undefined)
      await store.messages.setStanzaId(record.id, message.stanzaIdBy, message.stanzaId);
    else await remember(work, record.id, message);
    await arrived(work, record, message.wireId);
    return undefined;
  }
  const named = rated.filter(({ record }) => record.asked === target);
  const first = named.find(({ by }) => by === "same")?.record;
  if (first) {
    const { bodies, subjects, raw, timestamp } = message;
    const older = first.edited !== undefined && first.edited.getTime() > latest(timestamp);
    const digest = await digestBefore(work, first);
    if (!older && (await store.messages.correct(first.id, { bodies, subjects, raw, timestamp, digest })))
      await tell(work, first.uid, "correction");
    await remember(work, first.id, message);
    return undefined;
  }
  if (named.length === 0) return { ...message, standsFor: target };
  return named.some(({ by }) => by === "unknown") ? message : undefined;
}
