import { type Envelope, NS_EME, NS_HINTS, NS_OMEMO, NS_REPLY, readTexts } from "@larder/core";
import { fitsKey, type LocalisedText, type NewMessage } from "@larder/storage";

const types = new Set(["chat", "normal", "groupchat", "headline"]);

/** Namespace of the encryption of a message (XEP-0380), which is kept and marked but not opened. */
function encryptionOf({ message }: Envelope): string | undefined {
  return (
    message.getChild("encryption", NS_EME)?.attrs.namespace ??
    (message.getChild("encrypted", NS_OMEMO) ? NS_OMEMO : undefined)
  );
}

/** An id that is too long to be looked up is none: what the wire calls an id is a hint. */
const id = (text: string | null | undefined): string | undefined =>
  text != null && fitsKey(text) ? text : undefined;

const withLanguages = (texts: readonly LocalisedText[]): LocalisedText[] =>
  texts.map(({ lang, text }) => ({ lang: id(lang) ?? "", text }));

/** Whether the addresses of a message can be kept; one between others is dropped. */
export const isAddressable = ({ conversation, sender }: Pick<Envelope, "conversation" | "sender">): boolean =>
  fitsKey(conversation) && fitsKey(sender);

/**
 * What the history keeps of a message. Ids that are too long are left out.
 *
 * @returns undefined where there is nothing to keep: no text and no encrypted content (a chat state, a
 *   marker), the sender asks that it be stored nowhere (XEP-0334 §4.2, §4.3), or an address is too long
 */
export function readMessage(envelope: Envelope, accountId: number, receivedAt: Date): NewMessage | undefined {
  const { message } = envelope;
  const stated = message.attrs.type ?? "normal";
  const type = types.has(stated) ? stated : "normal"; // RFC 6121 §5.2.2
  const bodies = withLanguages(readTexts(message, "body"));
  const subjects = withLanguages(readTexts(message, "subject"));
  const encrypted = encryptionOf(envelope);
  if (bodies.length === 0 && subjects.length === 0 && encrypted === undefined) return undefined;
  if (message.getChild("no-store", NS_HINTS) || message.getChild("no-permanent-store", NS_HINTS))
    return undefined;
  if (!isAddressable(envelope)) return undefined;
  const stanzaId = id(envelope.stanzaId?.id);
  return {
    accountId,
    conversation: envelope.conversation,
    direction: envelope.direction,
    type,
    from: envelope.from,
    to: envelope.to,
    sender: envelope.sender,
    wireId: id(message.attrs.id),
    originId: id(envelope.originId),
    stanzaId,
    stanzaIdBy: stanzaId === undefined ? undefined : envelope.stanzaId?.by,
    thread: id(message.getChildText("thread")),
    replyToId: id(message.getChild("reply", NS_REPLY)?.attrs.id),
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
