import { bareJid } from "../jid/jid.js";
import {
  NS_CLIENT,
  NS_FALLBACK,
  NS_FASTEN,
  NS_HINTS,
  NS_MODERATE,
  NS_MODERATE_0,
  NS_RETRACT,
  NS_RETRACT_0,
  NS_SID,
} from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";
import { readInstant } from "./instant.js";

/** A message that takes another one back. */
export interface Retraction {
  /** Which one: in rooms the room's stanza-id, else the id that the sender gave it (XEP-0424 §5.1). */
  readonly id: string;
  /** A moderator did it, and the room says so (XEP-0425): then it counts from the room's own address only. */
  readonly moderated: boolean;
  readonly reason?: string;
}

/**
 * Reads a retraction: `:1` names its target itself, `:0` by fastening (XEP-0424, XEP-0425 in the versions that are in use).
 *
 * @returns undefined where the message is none
 */
export function readRetraction(message: XmlElement): Retraction | undefined {
  const retract = message.getChild("retract", NS_RETRACT);
  if (retract) {
    const moderated = retract.getChild("moderated", NS_MODERATE) !== undefined;
    const reason = retract.getChildText("reason") || undefined;
    return retract.attrs.id ? { id: retract.attrs.id, moderated, reason } : undefined;
  }
  const applied = message.getChild("apply-to", NS_FASTEN);
  const id = applied?.attrs.id;
  if (!applied || !id) return undefined;
  const moderated = applied.getChild("moderated", NS_MODERATE_0);
  if (moderated?.getChild("retract", NS_RETRACT_0))
    return { id, moderated: true, reason: moderated.getChildText("reason") || undefined };
  return applied.getChild("retract", NS_RETRACT_0) ? { id, moderated: false } : undefined;
}

/** What an archive has left of a message that was taken back. */
export interface Tombstone {
  /** When; absent where the archive does not say. */
  readonly stamp?: Date;
}

/** Reads the tombstone that stands in a message's place (XEP-0424 §4, XEP-0425 §4). Only an archive may say so. */
export function readTombstone(message: XmlElement): Tombstone | undefined {
  const moderated = message.getChild("moderated", NS_MODERATE_0);
  const found =
    message.getChild("retracted", NS_RETRACT) ??
    message.getChild("retracted", NS_RETRACT_0) ??
    moderated?.getChild("retracted", NS_RETRACT_0);
  if (!found) return undefined;
  return { stamp: readInstant(found.attrs.stamp ?? moderated?.attrs.stamp) };
}

/**
 * The stanza that takes a message back, in both versions, with a text for those who know neither (XEP-0424 §3).
 *
 * @param options.target the room's stanza-id in rooms, else the id of the message
 * @param options.originId for clients that know the older version alone, which names that
 */
export function retractionStanza(options: {
  to: string;
  type: string;
  id: string;
  target: string;
  originId?: string;
}): XmlElement {
  const { to, type, id, target } = options;
  return xml(
    "message",
    { xmlns: NS_CLIENT, to, type, id },
    xml("retract", { xmlns: NS_RETRACT, id: target }),
    xml(
      "apply-to",
      { xmlns: NS_FASTEN, id: options.originId ?? target },
      xml("retract", { xmlns: NS_RETRACT_0 }),
    ),
    xml("fallback", { xmlns: NS_FALLBACK, for: NS_RETRACT }),
    xml("body", {}, "/me retracted a previous message, but it's unsupported by your client."),
    xml("origin-id", { xmlns: NS_SID, id }),
    xml("store", { xmlns: NS_HINTS }),
  );
}

/** The request to a room to take somebody's message back (XEP-0425 §3), in the version that the room announces. */
export function moderationRequest(
  room: string,
  stanzaId: string,
  version: 0 | 1,
  reason?: string,
): XmlElement {
  const said = reason !== undefined && xml("reason", {}, reason);
  const to = bareJid(room);
  return version === 1
    ? xml(
        "iq",
        { type: "set", to },
        xml("moderate", { xmlns: NS_MODERATE, id: stanzaId }, xml("retract", { xmlns: NS_RETRACT }), said),
      )
    : xml(
        "iq",
        { type: "set", to },
        xml(
          "apply-to",
          { xmlns: NS_FASTEN, id: stanzaId },
          xml("moderate", { xmlns: NS_MODERATE_0 }, xml("retract", { xmlns: NS_RETRACT_0 }), said),
        ),
      );
}
