import { type Envelope, StanzaError } from "@larder/core";
import { tell, type Work } from "./batch.js";

/** An error that came back for a message of ours (RFC 6120 §8.3.1): from the party it went to, or its server. */
export async function applyError(work: Work, envelope: Envelope): Promise<boolean> {
  const { store, account } = work;
  const { id } = envelope.message.attrs;
  if (id === undefined) return false;
  // Ids are unique for one sender's stream only: another of our clients may have used this one elsewhere.
  const party = { conversation: envelope.conversation, address: envelope.from };
  const message =
    (await store.messages.findOutgoing(account.id, id, party)) ??
    (
      await store.messages.byWireNames(account.id, [{ conversation: party.conversation, id }], {
        direction: "out",
      })
    )[0];
  if (!message) return false;
  // Told already: archives keep errors, and give them at each reading.
  if (message.state === "failed") return true;
  // The room has shown it to everybody since.
  if (message.type === "groupchat" && envelope.via === "archive" && message.stanzaId !== undefined)
    return true;
  // It has arrived: a server returns once more what waited in another session of theirs (ejabberd), and nothing is amiss.
  if (message.state === "delivered" || message.state === "displayed") return true;
  const { condition, type, text, retryable, message: words } = StanzaError.fromStanza(envelope.message);
  const error = { type, condition, ...(text !== undefined && { text }), retryable, message: words };
  await store.messages.setState(message.id, "failed", error);
  await tell(work, message.uid, "error", error);
  return true;
}
