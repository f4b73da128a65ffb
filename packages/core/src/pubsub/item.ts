import { NS_PUBSUB, NS_PUBSUB_EVENT } from "../namespaces.js";
import { detach, isElement, type XmlElement } from "../xml/element.js";
import { attributeText, elementText } from "../xml/element-text.js";

/** An item as a service sent it. */
export interface WireItem {
  readonly id: string;
  /** Bare or full JID, set by the service (XEP-0060 §7.1.2.3). */
  readonly publisher?: string;
  /** The whole item as text, its root in the pubsub namespace whichever stanza brought it. */
  readonly xml: string;
  /** Name and namespace of the payload; undefined where the notification carries none (XEP-0060 §7.1.2.2). */
  readonly payload?: { readonly name: string; readonly namespace: string };
}

/** Writes a payload. One without a namespace of its own is in that of an answer, also where a notification brought it. */
function payloadText(payload: XmlElement): string {
  const inherits = payload.attrs.xmlns === undefined;
  detach(payload);
  if (inherits && payload.attrs.xmlns === NS_PUBSUB_EVENT) payload.attrs.xmlns = NS_PUBSUB;
  return elementText(payload);
}

/** Reads an `<item/>`; one without an id is no item that could be asked for again, and gives undefined. */
export function readItem(element: XmlElement): WireItem | undefined {
  const { id, publisher } = element.attrs;
  if (id === undefined) return undefined;
  const payload = element.children.find(isElement);
  const inner = payload ? payloadText(payload) : "";
  const attributes = ` id="${attributeText(id)}"${publisher === undefined ? "" : ` publisher="${attributeText(publisher)}"`}`;
  return {
    id,
    publisher,
    xml: `<item xmlns="${NS_PUBSUB}"${attributes}${inner === "" ? "/>" : `>${inner}</item>`}`,
    payload: payload && { name: payload.name, namespace: payload.getNS() ?? "" },
  };
}
