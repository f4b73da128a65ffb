import { type EarlyConfirmation, fitsKey, type MessageHead } from "@larder/storage";
import { tell, type Work } from "./batch.js";
import type { Classified } from "./classify.js";

/** Rank of each state: a confirmation by the other side raises it, and outranks an error. */
const ranks: Readonly<Record<string, number>> = {
  pending: 0,
  failed: 1,
  sent: 1,
  delivered: 2,
  displayed: 3,
};

/** The messages that confirmations are for, by their place in the list. */
async function findAll(
  { store, account }: Work,
  wanted: readonly EarlyConfirmation[],
): Promise<(MessageHead | undefined)[]> {
  const rooms = new Map<string, string[]>();
  for (const { conversation, id, groupchat } of wanted)
    if (groupchat) rooms.set(conversation, [...(rooms.get(conversation) ?? []), id]);
  const inRooms = new Map<string, Map<string, MessageHead>>();
  for (const [room, ids] of rooms) inRooms.set(room, await store.messages.byStanzaIds(account.id, room, ids));
  const elsewhere = wanted.filter(({ groupchat }) => !groupchat);
  const named = await store.messages.byWireNames(
    account.id,
    elsewhere.map(({ conversation, id }) => ({ conversation, id })),
  );
  return wanted.map(({ conversation, id, own, groupchat }) => {
    if (groupchat) {
      const message = inRooms.get(conversation)?.get(id);
      return message?.conversation === conversation ? message : undefined;
    }
    const direction = own ? "in" : "out";
    return named.find(
      (each) => each.asked === id && each.conversation === conversation && each.direction === direction,
    );
  });
}

/** Other side: it has, or has displayed, what we sent. With `displayed` all before it are meant too (XEP-0333 §4.1). */
async function confirmed(work: Work, message: MessageHead, state: "delivered" | "displayed"): Promise<void> {
  const { store, account } = work;
  const before =
    state === "displayed"
      ? await store.messages.sentUpTo(account.id, message.conversation, message.position)
      : [];
  // One that failed is confirmed where it is named itself: of those before it a marker says nothing then.
  const affected = [message, ...before.filter(({ id }) => id !== message.id)];
  for (const each of affected) {
    if ((ranks[each.state ?? ""] ?? 9) >= (ranks[state] ?? 0)) continue;
    await store.messages.setState(each.id, state);
    await tell(work, each.uid, "state");
  }
}

async function settle(work: Work, confirmation: EarlyConfirmation, message: MessageHead): Promise<void> {
  if (confirmation.own)
    await work.store.conversations.displayed(work.account.id, message.conversation, message);
  else await confirmed(work, message, confirmation.state);
}

/**
 * A delivery receipt or marker (XEP-0184, XEP-0333): of the other side for what we sent, or of our own other device for
 * what it has displayed. In rooms nobody's marker speaks for all, so the state of messages stays as it is there. One for a
 * message that is not here waits for it.
 */
export async function applyConfirmation(
  work: Work,
  { envelope, confirmation }: Classified & { kind: "confirmation" },
): Promise<void> {
  const { id, state } = confirmation;
  const { conversation, direction, message } = envelope;
  const groupchat = message.attrs.type === "groupchat";
  const own = direction === "out";
  // Our other devices' receipts say nothing, and an archive has one for each message that came in.
  const saysSomething = own ? state === "displayed" : !groupchat;
  if (!saysSomething || !fitsKey(id) || !fitsKey(conversation)) return;
  const early: EarlyConfirmation = { conversation, id, own, groupchat, state };
  const [known] = await findAll(work, [early]);
  if (known) await settle(work, early, known);
  else await work.store.confirmations.put(work.account.id, early);
}

/** What was confirmed before it came: of the messages that are new, or known by another id now. */
export async function applyEarlyConfirmations(work: Work): Promise<void> {
  const { store, account, named } = work;
  const waiting = await store.confirmations.waitingFor(account.id, [...named.keys()]);
  if (waiting.length === 0) return;
  const found = await store.messages.byIds([...new Set(waiting.map(({ messageId }) => messageId))]);
  const byId = new Map(found.map((message) => [message.id, message]));
  const settled: number[] = [];
  for (const early of waiting) {
    const message = byId.get(early.messageId);
    if (!message) continue;
    settled.push(early.row);
    await settle(work, early, message);
  }
  await store.confirmations.remove(settled);
}
