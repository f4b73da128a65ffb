import {
  bareJid,
  type Envelope,
  fallbackRemover,
  isNotToBeStored,
  NS_CONFERENCE,
  NS_CORRECT,
  NS_EME,
  NS_MUC_USER,
  NS_NICK,
  NS_OMEMO,
  NS_OOB,
  NS_REFERENCE,
  NS_REPLY,
  NS_SFS,
  readTexts,
  readTombstone,
  resourceOf,
} from "@larder/core";
import { fitsKey, type LocalisedText, type NewMessage } from "@larder/storage";

const types = new Set(["chat", "normal", "groupchat", "headline"]);

/** Namespace of the encryption of a message (XEP-0380), which is kept and marked but not opened. */
function encryptionOf({ message }: Envelope): string | undefined {
  return (
    message.getChild("encryption", NS_EME)?.attrs.namespace ??
    (message.getChild("encrypted", NS_OMEMO) ? NS_OMEMO : undefined)
  );
}

/** What is worth keeping without a word: files (XEP-0066, XEP-0447, XEP-0385) and invitations (XEP-0045 §7.8, XEP-0249). */
const wordless: readonly (readonly [name: string, namespace: string])[] = [
  ["x", NS_OOB],
  ["file-sharing", NS_SFS],
  ["reference", NS_REFERENCE],
  ["x", NS_CONFERENCE],
];

const saysSomething = ({ message }: Envelope): boolean =>
  wordless.some(([name, namespace]) => message.getChild(name, namespace) !== undefined) ||
  message.getChild("x", NS_MUC_USER)?.getChild("invite") !== undefined;

/** An id that is too long to be looked up is none: what the wire calls an id is a hint. */
export const usableId = (text: string | null | undefined): string | undefined =>
  text != null && text !== "" && fitsKey(text) ? text : undefined;

const withLanguages = (texts: readonly LocalisedText[]): LocalisedText[] =>
  texts.map(({ lang, text }) => ({ lang: usableId(lang) ?? "", text }));

/** Whether the addresses of a message can be kept; one between others is dropped. */
export const isAddressable = ({ conversation, sender }: Pick<Envelope, "conversation" | "sender">): boolean =>
  fitsKey(conversation) && fitsKey(sender);

/** The subject that a room has now: told by a message without a body (XEP-0045 §7.2.15, §8.1). Undefined where it is none. */
export function roomSubjectOf({ message, room }: Envelope): string | undefined {
  if (message.attrs.type !== "groupchat" || room === undefined) return undefined;
  if (message.getChild("body") || message.getChild("thread")) return undefined;
  return message.getChildText("subject") ?? undefined;
}

/** The id of the message that this one corrects (XEP-0308 §3). */
export const correctedId = ({ message }: Envelope): string | undefined =>
  usableId(message.getChild("replace", NS_CORRECT)?.attrs.id);

function nickOf({ message, room, from }: Envelope): string | undefined {
  return room === undefined ? message.getChildText("nick", NS_NICK) || undefined : resourceOf(from);
}

/** Bodies without the text that a reply only quotes for those who know no replies (XEP-0461 §3.1); the stanza that is kept has it. */
function bodiesOf({ message }: Envelope): LocalisedText[] {
  const bodies = withLanguages(readTexts(message, "body"));
  if (!message.getChild("reply", NS_REPLY)) return bodies;
  const withoutQuote = fallbackRemover(message, [NS_REPLY]);
  return bodies.map(({ lang, text }) => ({ lang, text: withoutQuote(text) || text }));
}

/**
 * What the history keeps of a message. Ids that are too long are left out.
 *
 * @returns undefined where there is nothing to keep: no text, file or encrypted content (a chat state, a marker), a room's
 *   subject as it is told to whoever enters, the sender asks that it be stored nowhere (XEP-0334 §4.2, §4.3), or an address
 *   is too long
 */
export function readMessage(envelope: Envelope, accountId: number, receivedAt: Date): NewMessage | undefined {
  const { message } = envelope;
  const stated = message.attrs.type ?? "normal";
  const type = types.has(stated) ? stated : "normal"; // RFC 6121 §5.2.2
  const bodies = bodiesOf(envelope);
  const subjects = withLanguages(readTexts(message, "subject"));
  const encrypted = encryptionOf(envelope);
  const tombstone = envelope.via === "archive" ? readTombstone(message) : undefined;
  const silent = bodies.every(({ text }) => text === "") && subjects.every(({ text }) => text === "");
  if (silent && encrypted === undefined && !tombstone && !saysSomething(envelope)) return undefined;
  if (roomSubjectOf(envelope) !== undefined && envelope.stanzaId === undefined) return undefined;
  if (isNotToBeStored(message) || !isAddressable(envelope)) return undefined;
  const stanzaId = usableId(envelope.stanzaId?.id);
  const timestamp = envelope.delay ?? receivedAt;
  return {
    accountId,
    conversation: envelope.conversation,
    direction: envelope.direction,
    type,
    from: envelope.from,
    to: envelope.to,
    sender: envelope.sender,
    wireId: usableId(message.attrs.id),
    originId: usableId(envelope.originId),
    stanzaId,
    stanzaIdBy: stanzaId === undefined ? undefined : envelope.stanzaId?.by,
    thread: usableId(message.getChildText("thread")),
    replyToId: usableId(message.getChild("reply", NS_REPLY)?.attrs.id),
    timestamp,
    receivedAt,
    state: envelope.direction === "out" ? "sent" : undefined,
    delayed: envelope.via !== "archive" && envelope.delay !== undefined,
    nick: usableId(nickOf(envelope)),
    occupantId: usableId(envelope.occupantId),
    realJid: bareJid(envelope.realJid),
    encrypted,
    extra: {},
    ...(tombstone
      ? { retracted: tombstone.stamp ?? timestamp, bodies: [], subjects: [] }
      : { raw: message.toString(), bodies, subjects }),
  };
}
