import { NS_HINTS } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

/** Whether the sender asks that it be kept nowhere (XEP-0334 §4.1, §4.2). */
export const isNotToBeStored = (message: XmlElement): boolean =>
  message.getChild("no-store", NS_HINTS) !== undefined ||
  message.getChild("no-permanent-store", NS_HINTS) !== undefined;
