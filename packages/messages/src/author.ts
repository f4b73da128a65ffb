import type { Envelope } from "@larder/core";
import type { MessageHead } from "@larder/storage";

/** Since when an occupant (`room/nick`) has been in a room without a break; undefined where nobody knows. */
export type PresentSince = (occupant: string) => Date | undefined;

export type Authorship = "same" | "other" | "unknown";

/**
 * Whether a message is by the one who sent the envelope, as corrections and retractions must be (XEP-0308 §4, XEP-0424 §5).
 * In rooms that is the occupant-id, else the real address; a nick alone proves it only while it has not changed hands.
 */
export function authorship(
  message: Pick<MessageHead, "sender" | "occupantId" | "realJid" | "timestamp" | "conversation">,
  envelope: Envelope,
  presentSince: PresentSince = () => undefined,
): Authorship {
  if (message.conversation !== envelope.conversation) return "other";
  const groupchat = envelope.message.attrs.type === "groupchat";
  const asOccupant = envelope.room !== undefined && (groupchat || envelope.direction === "in");
  if (!asOccupant) return message.sender === envelope.sender ? "same" : "other";
  if (envelope.occupantId !== undefined || message.occupantId !== undefined)
    return envelope.occupantId === message.occupantId ? "same" : "other";
  if (envelope.realJid !== undefined && message.realJid !== undefined)
    return envelope.realJid === message.realJid ? "same" : "other";
  if (message.sender !== envelope.sender) return "other";
  const since = presentSince(envelope.sender);
  return since !== undefined && since <= message.timestamp ? "same" : "unknown";
}

/** Who sent it, as retractions of messages that are not here remember it. */
export const authorKey = ({
  occupantId,
  realJid,
  sender,
}: Pick<MessageHead, "sender" | "occupantId" | "realJid">) => occupantId ?? realJid ?? sender;
