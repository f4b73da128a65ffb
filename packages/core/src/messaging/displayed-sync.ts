import { StanzaError } from "../errors/stanza-error.js";
import { normaliseJid } from "../jid/jid.js";
import { NS_DISPLAYED, NS_SID } from "../namespaces.js";
import type { WireItem } from "../pubsub/item.js";
import { createNode } from "../pubsub/nodes.js";
import { publishItem } from "../pubsub/publish.js";
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

const limits = {
  "pubsub#persist_items": "true",
  "pubsub#send_last_published_item": "never",
  "pubsub#access_model": "whitelist",
};

/**
 * Tells our other devices how far a conversation is displayed (XEP-0490 §3). A server that does not take a number of items
 * among the options of a publish (ejabberd 23.01) gets the node made with it first.
 *
 * @throws {StanzaError} the server has no such nodes
 */
export async function publishDisplayedMark(requester: Requester, mark: DisplayedMark): Promise<void> {
  const node = { service: requester.account, node: NS_DISPLAYED };
  const item = {
    ...node,
    id: mark.conversation,
    payload: xml(
      "displayed",
      { xmlns: NS_DISPLAYED },
      xml("stanza-id", { xmlns: NS_SID, by: mark.by, id: mark.stanzaId }),
    ),
  };
  try {
    await publishItem(requester, { ...item, options: { ...limits, "pubsub#max_items": "max" } });
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    await createNode(requester, { ...node, config: { ...limits, "pubsub#max_items": "1000" } }).catch(
      (reason: unknown) => {
        if (!(reason instanceof StanzaError && reason.condition === "conflict")) throw error; // it is there already
      },
    );
    await publishItem(requester, { ...item, options: { "pubsub#access_model": "whitelist" } });
  }
}
