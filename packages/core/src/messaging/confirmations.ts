import { NS_CHAT_MARKERS, NS_CLIENT, NS_HINTS, NS_RECEIPTS } from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";

/** What the other side says of messages of ours. */
export interface Confirmation {
  /** `delivered` by a receipt (XEP-0184) or a `received` marker; `displayed` by a marker (XEP-0333). */
  readonly state: "delivered" | "displayed";
  /** Id of the message; with `displayed` all before it are meant too (XEP-0333 §4.1). */
  readonly id: string;
}

/** Reads a delivery receipt or chat marker; undefined where the message is none. */
export function readConfirmation(message: XmlElement): Confirmation | undefined {
  const displayed =
    message.getChild("displayed", NS_CHAT_MARKERS) ?? message.getChild("acknowledged", NS_CHAT_MARKERS);
  if (displayed?.attrs.id) return { state: "displayed", id: displayed.attrs.id };
  const received = message.getChild("received", NS_RECEIPTS) ?? message.getChild("received", NS_CHAT_MARKERS);
  return received?.attrs.id ? { state: "delivered", id: received.attrs.id } : undefined;
}

/** Whether the sender asks for a delivery receipt (XEP-0184 §5.1). */
export const wantsReceipt = (message: XmlElement): boolean =>
  message.getChild("request", NS_RECEIPTS) !== undefined;

/** Whether the sender asks for markers (XEP-0333 §4). */
export const isMarkable = (message: XmlElement): boolean =>
  message.getChild("markable", NS_CHAT_MARKERS) !== undefined;

/** A delivery receipt (XEP-0184 §5.2). */
export const receiptStanza = (to: string, type: string, id: string): XmlElement =>
  xml(
    "message",
    { xmlns: NS_CLIENT, to, type },
    xml("received", { xmlns: NS_RECEIPTS, id }),
    xml("store", { xmlns: NS_HINTS }),
  );

/** A displayed marker (XEP-0333 §4.1); it is archived, so that our other devices see it (§7.1). */
export const displayedStanza = (to: string, type: string, id: string, stanzaId: string): XmlElement =>
  xml(
    "message",
    { xmlns: NS_CLIENT, to, type, id: stanzaId },
    xml("displayed", { xmlns: NS_CHAT_MARKERS, id }),
    xml("store", { xmlns: NS_HINTS }),
  );
