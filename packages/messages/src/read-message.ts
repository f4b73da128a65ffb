import { type Envelope, NS_EME, NS_HINTS, NS_OMEMO, NS_REPLY, readTexts } from "@larder/core";
import type { NewMessage } from "@larder/storage";

const types = new Set(["chat", "normal", "groupchat", "headline"]);

/** Namespace of the encryption of a message (XEP-0380), which is kept and marked but not opened. */
function encryptionOf({ message }: Envelope): string | undefined {
  return (
    message.getChild("encryption", NS_EME)?.attrs.namespace ??
    (message.getChild("encrypted", NS_OMEMO) ? NS_OMEMO : undefined)
  );
}

/**
 * What the history keeps of a message.
 *
 * @returns undefined where there is nothing to keep: no text and no encrypted content (a chat state, a
 *   marker), or the sender asks that it be stored nowhere (XEP-0334 §4.2, §4.3)
 */
export function readMessage(envelope: Envelope, accountId: number, receivedAt: Date): NewMessage | undefined {
  const { message } = envelope;
  const stated = message.attrs.type ?? "normal";
  const type = types.has(stated) ? stated : "normal"; // RFC 6121 §5.2.2
  const bodies = readTexts(message, "body");
  const subjects = readTexts(message, "subject");
  const encrypted = encryptionOf(envelope);
  if (bodies.length === 0 && subjects.length === 0 && encrypted === undefined) return undefined;
  if (message.getChild("no-store", NS_HINTS) || message.getChild("no-permanent-store", NS_HINTS))
    return undefined;
  return {
    accountId,
    conversation: envelope.conversation,
    direction: envelope.direction,
    type,
    from: envelope.from,
    to: envelope.to,
    sender: envelope.sender,
    wireId: message.attrs.id,
    originId: envelope.originId,
    stanzaId: envelope.stanzaId?.id,
    stanzaIdBy: envelope.stanzaId?.by,
    thread: message.getChildText("thread") ?? undefined,
    replyToId: message.getChild("reply", NS_REPLY)?.attrs.id,
    timestamp: envelope.delay ?? receivedAt,
    receivedAt,
    state: envelope.direction === "out" ? "sent" : undefined,
    delayed: envelope.delay !== undefined,
    encrypted,
    raw: message.toString(),
    extra: {},
    bodies,
    subjects,
  };
}
