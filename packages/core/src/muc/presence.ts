import { bareJid, normaliseJid, resourceOf } from "../jid/jid.js";
import { NS_MUC, NS_MUC_OWNER, NS_MUC_USER, NS_OCCUPANT_ID } from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";

/** Status codes of XEP-0045 §15.6 that matter here. */
export const mucStatus = {
  /** The configuration of the room has changed (§10.2.1). */
  configured: 104,
  /** The presence is our own (§7.2.2). */
  self: 110,
  /** The room gave us another nick than we asked for (§7.2.2). */
  nickAssigned: 210,
  /** The room was made by our entering it (§10.1). */
  created: 201,
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
  /** The room is destroyed (§10.9), with the room that has taken its place, if any. */
  readonly destroyed?: { readonly alternate?: string };
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
  const destroy = x.getChild("destroy");
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
    reason: (destroy ?? item)?.getChildText("reason") || undefined,
    ...(destroy && {
      destroyed: { alternate: destroy.attrs.jid === undefined ? undefined : bareJid(destroy.attrs.jid) },
    }),
  };
}

/** History to ask of a room (§7.2.13); by default the room decides. */
export type MucHistory = "default" | "none" | { readonly since: Date };

function historyElement(history: MucHistory): XmlElement | undefined {
  if (history === "default") return undefined;
  if (history === "none") return xml("history", { maxstanzas: 0 });
  return xml("history", { since: history.since.toISOString().replace(/\.\d+Z$/, "Z") });
}

/**
 * The presence that enters a room (XEP-0045 §7.2.1).
 *
 * @param extra children of every presence of ours, such as capabilities
 */
export function joinPresence(
  room: string,
  nick: string,
  options: { password?: string; history: MucHistory; extra?: readonly XmlElement[] },
): XmlElement {
  return xml(
    "presence",
    { to: `${room}/${nick}` },
    xml(
      "x",
      { xmlns: NS_MUC },
      options.password !== undefined && xml("password", {}, options.password),
      historyElement(options.history),
    ),
    ...(options.extra ?? []),
  );
}

/** The presence that asks for another nick in a room that we are in (XEP-0045 §7.6). */
export const nickPresence = (room: string, nick: string, extra: readonly XmlElement[] = []): XmlElement =>
  xml("presence", { to: `${room}/${nick}` }, ...extra);

/** The request that destroys a room which was made only now (XEP-0045 §10.1.1). */
export const cancelRoom = (room: string): XmlElement =>
  xml("iq", { type: "set", to: room }, xml("query", { xmlns: NS_MUC_OWNER }, xml("destroy", {})));

/** A change of the room's configuration (XEP-0045 §10.2.1): what it says of itself may be otherwise now. */
export const tellsOfConfiguration = (message: XmlElement): boolean =>
  message.attrs.type === "groupchat" &&
  (message
    .getChild("x", NS_MUC_USER)
    ?.getChildren("status")
    .some(({ attrs }) => Number(attrs.code) === mucStatus.configured) ??
    false);

/** The presence that leaves a room (XEP-0045 §7.14). */
export const leavePresence = (room: string, nick: string): XmlElement =>
  xml("presence", { to: `${room}/${nick}`, type: "unavailable" });
