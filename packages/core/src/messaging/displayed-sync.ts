import { normaliseJid } from "../jid/jid.js";
import { NS_DISPLAYED, NS_SID } from "../namespaces.js";
import type { WireItem } from "../pubsub/item.js";
import { publishPrivately } from "../pubsub/private-node.js";
import type { Requester } from "../requester.js";
import { parseTrustedXml, xml } from "../xml/element.js";

/** How far a conversation was displayed, on any device (XEP-0490 §3). */
export interface DisplayedMark {
  /** A bare JID; for private room messages `room/nick`. */
  readonly conversation: string;
  readonly stanzaId: string;
  readonly by: string;
}

/** Reads a mark; undefined where it is none. */
export function readDisplayedMark(item: WireItem): DisplayedMark | undefined {
  const conversation = normaliseJid(item.id);
  const mark = parseTrustedXml(item.xml).getChild("displayed", NS_DISPLAYED)?.getChild("stanza-id", NS_SID);
  const by = mark?.attrs.by === undefined ? undefined : normaliseJid(mark.attrs.by);
  if (conversation === undefined || by === undefined || !mark?.attrs.id) return undefined;
  return { conversation, stanzaId: mark.attrs.id, by };
}

/**
 * Tells our other devices how far a conversation is displayed (XEP-0490 §3).
 *
 * @throws {StanzaError} the server has no such nodes
 */
export function publishDisplayedMark(requester: Requester, mark: DisplayedMark): Promise<void> {
  return publishPrivately(requester, {
    node: NS_DISPLAYED,
    id: mark.conversation,
    payload: xml(
      "displayed",
      { xmlns: NS_DISPLAYED },
      xml("stanza-id", { xmlns: NS_SID, by: mark.by, id: mark.stanzaId }),
    ),
  });
}
