import { bareJid, normaliseJid } from "../jid/jid.js";
import { NS_CONFERENCE, NS_MUC_USER } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

/** An invitation into a room. */
export interface Invitation {
  readonly room: string;
  /** Inviter: a bare JID, or `room/nick` if the room says no more. */
  readonly inviter?: string;
  readonly reason?: string;
  readonly password?: string;
}

const MAX_TEXT_CHARACTERS = 4000;

const text = (value: string | null | undefined): string | undefined =>
  value == null || value === "" ? undefined : value.slice(0, MAX_TEXT_CHARACTERS);

const withTexts = (
  room: string,
  { inviter, reason, password }: { inviter?: string; reason?: string; password?: string },
): Invitation => ({
  room,
  ...(inviter !== undefined && { inviter }),
  ...(reason !== undefined && { reason }),
  ...(password !== undefined && { password }),
});

/** One that the room passes on (XEP-0045 §7.8.2): it comes from the room's own address. */
function mediated(message: XmlElement): Invitation | undefined {
  const x = message.getChild("x", NS_MUC_USER);
  const invite = x?.getChild("invite");
  const from = message.attrs.from === undefined ? undefined : normaliseJid(message.attrs.from);
  const inviter = invite?.attrs.from === undefined ? undefined : normaliseJid(invite.attrs.from);
  if (!invite || from === undefined || bareJid(from) !== from) return undefined;
  return withTexts(from, {
    inviter: bareJid(inviter) === from ? inviter : bareJid(inviter),
    reason: text(invite.getChildText("reason")),
    password: text(x?.getChildText("password")),
  });
}

/** One from person to person (XEP-0249 §2). */
function direct(message: XmlElement, sender: string): Invitation | undefined {
  const attrs = message.getChild("x", NS_CONFERENCE)?.attrs;
  const room = bareJid(attrs?.jid);
  if (room === undefined || attrs === undefined) return undefined;
  return withTexts(room, { inviter: sender, reason: text(attrs.reason), password: text(attrs.password) });
}

/**
 * Reads an invitation into a room; where a message has both kinds, the room's own counts.
 *
 * @param sender the verified sender of the message
 */
export const readInvitation = (message: XmlElement, sender: string): Invitation | undefined =>
  message.attrs.type === "groupchat" || message.attrs.type === "error"
    ? undefined
    : (mediated(message) ?? direct(message, sender));
