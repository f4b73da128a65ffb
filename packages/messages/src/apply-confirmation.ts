import type { MessageRecord } from "@larder/storage";
import { tell, type Work } from "./batch.js";
import type { Classified } from "./classify.js";

/** What each state may become by a confirmation of the other side. */
const ranks: Readonly<Record<string, number>> = { pending: 0, sent: 1, delivered: 2, displayed: 3 };

async function find(work: Work, classified: Classified, id: string): Promise<MessageRecord | undefined> {
  const { store, account } = work;
  const { envelope } = classified;
  const { conversation } = envelope;
  const wanted = envelope.direction === "in" ? "out" : "in";
  if (envelope.message.attrs.type === "groupchat") {
    const message = await store.messages.findByStanzaId(account.id, conversation, id);
    return message?.conversation === conversation ? message : undefined;
  }
  const named = await store.messages.byWireNames(account.id, [{ conversation, id }]);
  return named.find(({ direction }) => direction === wanted);
}

/** Other side: it has, or has displayed, what we sent. With `displayed` all before it are meant too (XEP-0333 §4.1). */
async function confirmed(
  work: Work,
  message: MessageRecord,
  state: "delivered" | "displayed",
): Promise<void> {
  const { store, account } = work;
  const affected =
    state === "displayed"
      ? await store.messages.sentUpTo(account.id, message.conversation, message.position)
      : [message];
  for (const each of affected) {
    if ((ranks[each.state ?? ""] ?? 9) >= (ranks[state] ?? 0)) continue;
    await store.messages.setState(each.id, state);
    await tell(work, each.uid, "state");
  }
}

/**
 * A delivery receipt or marker (XEP-0184, XEP-0333): of the other side for what we sent, or of our own other device for
 * what it has displayed. In rooms nobody's marker speaks for all, so the state of messages stays as it is there.
 */
export async function applyConfirmation(
  work: Work,
  classified: Classified & { kind: "confirmation" },
): Promise<void> {
  const { envelope, confirmation } = classified;
  const message = await find(work, classified, confirmation.id);
  if (!message) {
    work.batch.onUnmatched?.(envelope);
    return;
  }
  if (envelope.direction === "out") {
    if (confirmation.state === "displayed")
      await work.store.conversations.displayed(work.account.id, message.conversation, message);
    return;
  }
  if (envelope.message.attrs.type !== "groupchat" && message.direction === "out")
    await confirmed(work, message, confirmation.state);
}
