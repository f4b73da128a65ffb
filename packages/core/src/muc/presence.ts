import { bareJid, normaliseJid, resourceOf } from "../jid/jid.js";
import { NS_MUC, NS_MUC_USER, NS_OCCUPANT_ID } from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";

/** Status codes of XEP-0045 §15.6 that matter here. */
export const mucStatus = {
  /** The presence is our own (§7.2.2). */
  self: 110,
  /** The room gave us another nick than we asked for (§7.2.2). */
  nickAssigned: 210,
  banned: 301,
  /** A new nick; the item has it (§7.6). */
  nickChanged: 303,
  kicked: 307,
  affiliationChanged: 321,
  membersOnly: 322,
  shutdown: 332,
  /** We, or the connection to us, broke. */
  error: 333,
} as const;

/** What a room tells of an occupant (XEP-0045 §7.1). */
export interface MucPresence {
  readonly room: string;
  readonly nick: string;
  readonly available: boolean;
  readonly statuses: ReadonlySet<number>;
  /** Where the room shows it: full JID. */
  readonly realJid?: string;
  /** With {@link mucStatus.nickChanged}. */
  readonly newNick?: string;
  readonly role?: string;
  readonly affiliation?: string;
  /** As it is there; whether the room announces such ids is for the caller to know (XEP-0421). */
  readonly occupantId?: string;
  readonly reason?: string;
}

/** Reads the presence of an occupant; undefined where it is none. Errors are none. */
export function readMucPresence(stanza: XmlElement): MucPresence | undefined {
  const from = normaliseJid(stanza.attrs.from ?? "");
  const x = stanza.getChild("x", NS_MUC_USER);
  const nick = resourceOf(from);
  const room = bareJid(from);
  const { type } = stanza.attrs;
  if (stanza.name !== "presence" || !x || !room || !nick) return undefined;
  if (type !== undefined && type !== "unavailable") return undefined;
  const item = x.getChild("item");
  return {
    room,
    nick,
    available: type === undefined,
    statuses: new Set(x.getChildren("status").map(({ attrs }) => Number(attrs.code))),
    realJid: item?.attrs.jid === undefined ? undefined : normaliseJid(item.attrs.jid),
    newNick: item?.attrs.nick,
    role: item?.attrs.role,
    affiliation: item?.attrs.affiliation,
    occupantId: stanza.getChild("occupant-id", NS_OCCUPANT_ID)?.attrs.id || undefined,
    reason: item?.getChildText("reason") || undefined,
  };
}

/**
 * The presence that enters a room (XEP-0045 §7.2.1), without history where the archive has it (§7.2.13).
 *
 * @param extra children of every presence of ours, such as capabilities
 */
export function joinPresence(
  room: string,
  nick: string,
  options: { password?: string; history: boolean; extra?: readonly XmlElement[] },
): XmlElement {
  return xml(
    "presence",
    { to: `${room}/${nick}` },
    xml(
      "x",
      { xmlns: NS_MUC },
      options.password !== undefined && xml("password", {}, options.password),
      !options.history && xml("history", { maxstanzas: 0 }),
    ),
    ...(options.extra ?? []),
  );
}

/** The presence that leaves a room (XEP-0045 §7.14). */
export const leavePresence = (room: string, nick: string): XmlElement =>
  xml("presence", { to: `${room}/${nick}`, type: "unavailable" });
