import {
  detach,
  isElement,
  NS_CHAT_MARKERS,
  NS_CLIENT,
  NS_CORRECT,
  NS_DELAY,
  NS_FALLBACK,
  NS_MUC_USER,
  NS_OOB,
  NS_RECEIPTS,
  NS_REPLY,
  NS_SID,
  parseTrustedXml,
  type XmlElement,
  xml,
} from "@larder/core";
import type { LocalisedText, MessageRecord } from "@larder/storage";

/** What an outgoing stanza says. */
export interface OutgoingStanza {
  readonly to: string;
  readonly type: string;
  readonly id: string;
  readonly bodies: readonly LocalisedText[];
  readonly subjects: readonly LocalisedText[];
  readonly thread?: string;
  /** The message that it answers. */
  readonly reply?: MessageRecord;
  /** Id of the first version that it corrects. */
  readonly corrects?: string;
  /** It goes to an occupant through the room. */
  readonly throughRoom?: boolean;
  /** Its other payloads. */
  readonly payloads?: readonly XmlElement[];
}

const texts = (name: string, entries: readonly LocalisedText[]) =>
  entries.map(({ lang, text }) => xml(name, { "xml:lang": lang || undefined }, text));

/** The id that a reply names a message by: in rooms the room's (XEP-0461 §3.1). */
export const replyIdOf = (message: MessageRecord | undefined): string | undefined =>
  message?.type === "groupchat" ? message.stanzaId : (message?.originId ?? message?.wireId);

/**
 * The stanza of a message; its id is its origin-id too (XEP-0359 §3.2), so that it is known again however it returns.
 * One to a person asks for a receipt and markers (XEP-0184 §5.1, XEP-0333 §4).
 */
export function outgoingStanza(message: OutgoingStanza): XmlElement {
  const { id, reply } = message;
  const replyId = replyIdOf(reply);
  const confirmed = message.type === "chat" && message.bodies.length > 0;
  return xml(
    "message",
    { xmlns: NS_CLIENT, to: message.to, type: message.type, id },
    texts("subject", message.subjects),
    texts("body", message.bodies),
    message.thread !== undefined && xml("thread", {}, message.thread),
    reply && replyId && xml("reply", { xmlns: NS_REPLY, to: reply.from, id: replyId }),
    message.corrects !== undefined && xml("replace", { xmlns: NS_CORRECT, id: message.corrects }),
    confirmed && xml("request", { xmlns: NS_RECEIPTS }),
    confirmed && xml("markable", { xmlns: NS_CHAT_MARKERS }),
    message.throughRoom === true && xml("x", { xmlns: NS_MUC_USER }),
    ...(message.payloads ?? []),
    xml("origin-id", { xmlns: NS_SID, id }),
  );
}

/** Children that a correction says anew, or that concern the stanza and not what it says. */
const saidAnew = new Set([
  `body ${NS_CLIENT}`,
  `subject ${NS_CLIENT}`,
  `thread ${NS_CLIENT}`,
  `replace ${NS_CORRECT}`,
  `request ${NS_RECEIPTS}`,
  `markable ${NS_CHAT_MARKERS}`,
  `x ${NS_MUC_USER}`,
  `origin-id ${NS_SID}`,
  `stanza-id ${NS_SID}`,
  `delay ${NS_DELAY}`,
  `fallback ${NS_FALLBACK}`,
]);

/**
 * What a correction has to say again of the stanza before it: it takes the place of all of that (XEP-0308 §3). A file that was the
 * text itself goes with the text (XEP-0066 §3).
 */
export function payloadsOf(raw: string | undefined): XmlElement[] {
  if (raw === undefined) return [];
  const message = parseTrustedXml(raw);
  const body = message.getChildText("body");
  return message.children
    .filter(isElement)
    .filter((child) => !saidAnew.has(`${child.name} ${child.getNS() ?? NS_CLIENT}`))
    .filter((child) => !(child.getNS() === NS_OOB && child.getChildText("url") === body))
    .map((child) => detach(child));
}
