import { bareJid, type Retraction } from "@larder/core";
import { fitsKey, type MessageHead } from "@larder/storage";
import { authorKey, authorship } from "./author.js";
import { tell, type Work } from "./batch.js";
import type { Classified } from "./classify.js";
import { isChanged } from "./digest.js";

/** The digest of a row of before there were digests, from what it says until now. */
export async function digestBefore(
  { store, digest }: Work,
  message: MessageHead,
): Promise<string | undefined> {
  if (message.digest !== undefined || isChanged(message)) return undefined;
  const [record] = await store.messages.byIds([message.id]);
  return record && digest.before(record);
}

/** Takes a message away, and tells it. */
export async function takeBack(work: Work, message: MessageHead, at: Date): Promise<void> {
  if (message.retracted !== undefined) return;
  await work.store.messages.retract(message.id, at, await digestBefore(work, message));
  await work.store.conversations.recount(work.account.id, message.conversation);
  await tell(work, message.uid, "retraction");
}

/**
 * In rooms a retraction names the stanza-id that the room gave (XEP-0424 §5.1), and moderation comes from the room's own
 * address alone (XEP-0425 §5).
 */
async function inRoom(work: Work, retraction: Retraction, { envelope }: Classified, at: Date): Promise<void> {
  const { store, account, presentSince } = work;
  const room = envelope.conversation;
  const byRoom = envelope.from === bareJid(envelope.from);
  if (retraction.moderated !== byRoom) return;
  const message = await store.messages.findByStanzaId(account.id, room, retraction.id);
  if (message) {
    if (message.conversation !== room) return;
    if (byRoom || authorship(message, envelope, presentSince) === "same") await takeBack(work, message, at);
    return;
  }
  // Where a nick alone would have to prove it, nothing can be promised of a message that is not here.
  if (!byRoom && envelope.occupantId === undefined && envelope.realJid === undefined) return;
  const givenBy = byRoom ? room : authorKey(envelope);
  await store.removals.put(
    account.id,
    { conversation: room, kind: "stanza", value: retraction.id, givenBy },
    at,
  );
}

/** Takes a message back, or remembers it for when the message comes (XEP-0424). */
export async function applyRetraction(
  work: Work,
  classified: Classified & { kind: "retraction" },
): Promise<void> {
  const { store, account, presentSince } = work;
  const { envelope, retraction } = classified;
  const at = envelope.delay ?? new Date();
  if (!fitsKey(retraction.id)) return;
  if (envelope.message.attrs.type === "groupchat") {
    await inRoom(work, retraction, classified, at);
    return;
  }
  if (retraction.moderated) return;
  const { conversation, sender, direction } = envelope;
  const by = envelope.room === undefined ? { direction, sender } : { direction };
  const named = await store.messages.byWireNames(account.id, [{ conversation, id: retraction.id }], by);
  const message = named.find((record) => authorship(record, envelope, presentSince) === "same");
  if (message) {
    await takeBack(work, message, at);
    return;
  }
  for (const kind of ["wire", "origin"] as const)
    await store.removals.put(account.id, { conversation, kind, value: retraction.id, givenBy: sender }, at);
}
