import {
  NS_CHAT_MARKERS,
  NS_CLIENT,
  NS_CORRECT,
  NS_MUC_USER,
  NS_RECEIPTS,
  NS_REPLY,
  NS_SID,
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
    xml("origin-id", { xmlns: NS_SID, id }),
  );
}
