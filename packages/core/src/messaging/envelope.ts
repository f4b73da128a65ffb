import type { ArchiveResult } from "../archive/query-archive.js";
import { bareJid, normaliseJid, parseJid, resourceOf } from "../jid/jid.js";
import {
  NS_CARBONS,
  NS_CLIENT,
  NS_DELAY,
  NS_FORWARD,
  NS_MUC_USER,
  NS_OCCUPANT_ID,
  NS_SID,
} from "../namespaces.js";
import { detach, type XmlElement } from "../xml/element.js";
import { readInstant } from "./instant.js";

/** A message together with what is certain about it: who sent it, to whom, and how it came. */
export interface Envelope {
  /** The message itself, out of any wrapper, cut loose from the stream. */
  readonly message: XmlElement;
  readonly via: "live" | "carbon" | "archive";
  readonly direction: "in" | "out";
  /** Normalised; full JIDs where the stanza had them. */
  readonly from: string;
  readonly to: string;
  /** The other party: a bare JID; for private room messages `room/nick`. */
  readonly conversation: string;
  /** The verified sender: a bare JID; in rooms, also for their private messages, `room/nick`. */
  readonly sender: string;
  /** The room that it was said in, or privately through. */
  readonly room?: string;
  /** The occupant's stable id, from a room that announces such ids (XEP-0421 §4). */
  readonly occupantId?: string;
  /** Who the occupant is, where the room says it (XEP-0045 §7.2.3, XEP-0313 §6.1.2). */
  readonly realJid?: string;
  /** When it was sent, where our own server, the archive or the room says that it was delayed (XEP-0203). */
  readonly delay?: Date;
  /** The archive's id, from an entity that announces such ids (XEP-0359 §5). */
  readonly stanzaId?: { readonly id: string; readonly by: string };
  /** A hint that belongs to `sender` (XEP-0359 §6). */
  readonly originId?: string;
}

/** What we are in a room. */
export interface OwnOccupant {
  readonly nick?: string;
  readonly occupantId?: string;
}

export interface EnvelopeOptions {
  /** Bare JID of the account. */
  readonly account: string;
  /** Whether an entity announces stanza-ids (`urn:xmpp:sid:0`, or an archive); what is not announced is not believed. */
  readonly announcesStanzaIds: (by: string) => boolean;
  /** Whether a room announces occupant ids. Default: none does. */
  readonly announcesOccupantIds?: (room: string) => boolean;
  /** What we are in a room that we are or were in; undefined for what is no room of ours. */
  readonly ownOccupant?: (room: string) => OwnOccupant | undefined;
  /**
   * Whether a stanza has come while delays are to be believed: while our server delivers what it has kept for us, or the room
   * its history. At any other time its sender may have written them. Default: never.
   */
  readonly isDelayed?: (stanza: XmlElement, room: string | undefined) => boolean;
  /** Who an occupant is now, where the room shows it in presence. */
  readonly realJidOf?: (occupant: string) => string | undefined;
  readonly now?: () => Date;
}

/** Out of a carbon (XEP-0280 §7, §11): only the account's own server wraps for us, and only the other party's or our own messages. */
function unwrap(
  stanza: XmlElement,
  account: string,
): { message: XmlElement; via: "live" | "carbon" } | undefined {
  const received = stanza.getChild("received", NS_CARBONS);
  const sent = stanza.getChild("sent", NS_CARBONS);
  const wrapper = received ?? sent;
  if (!wrapper) return { message: stanza, via: "live" };
  if (stanza.attrs.from !== undefined && normaliseJid(stanza.attrs.from) !== account) return undefined;
  const message = wrapper.getChild("forwarded", NS_FORWARD)?.getChild("message", NS_CLIENT);
  if (!message) return undefined;
  const expected = wrapper === sent ? message.attrs.from : message.attrs.to;
  return bareJid(expected) === account ? { message, via: "carbon" } : undefined;
}

/**
 * A delay that our own server states (XEP-0203 §3), or the room for its history (XEP-0045 §7.2.14); never in the future.
 * Senders can write our server's name too, and servers do not take that out: of several the latest counts, so that a
 * forged one cannot push a message further back than the real one says.
 */
function readDelay(
  message: XmlElement,
  believed: readonly (string | undefined)[],
  now: Date,
): Date | undefined {
  const stamps = message.getChildren("delay", NS_DELAY).flatMap(({ attrs: { from, stamp } }) => {
    const by = from === undefined ? undefined : normaliseJid(from);
    const time = by !== undefined && believed.includes(by) ? readInstant(stamp) : undefined;
    return time ? [time.getTime()] : [];
  });
  return stamps.length === 0 ? undefined : new Date(Math.min(Math.max(...stamps), now.getTime()));
}

function readStanzaId(
  message: XmlElement,
  by: string,
  options: EnvelopeOptions,
): { id: string; by: string } | undefined {
  // Exactly the archive: Prosody 0.12 lets a sender's stanza-id with a full JID of ours through.
  const own = message
    .getChildren("stanza-id", NS_SID)
    .filter(({ attrs }) => attrs.by !== undefined && normaliseJid(attrs.by) === by);
  const id = own[0]?.attrs.id;
  if (own.length !== 1 || !id || !options.announcesStanzaIds(by)) return undefined; // §3: at most one for each `by`
  return { id, by };
}

/** XEP-0421 §4: one at most, and only from a room that announces them; anybody can write one where the room does not. */
function readOccupantId(message: XmlElement, room: string, options: EnvelopeOptions): string | undefined {
  const [only, another] = message.getChildren("occupant-id", NS_OCCUPANT_ID);
  if (!only || another || options.announcesOccupantIds?.(room) !== true) return undefined;
  return only.attrs.id || undefined;
}

/** The real address in an archive's copy of a room message (XEP-0313 §6.1.2, §8.4). Only archives put it there. */
const archivedRealJid = (message: XmlElement): string | undefined =>
  bareJid(message.getChild("x", NS_MUC_USER)?.getChild("item")?.attrs.jid);

/** What the three ways into the history have in common. */
function describe(
  message: XmlElement,
  via: Envelope["via"],
  options: EnvelopeOptions,
): Omit<Envelope, "delay" | "stanzaId"> | undefined {
  const { account } = options;
  const from = normaliseJid(message.attrs.from ?? account);
  const to = normaliseJid(message.attrs.to ?? account);
  if (from === undefined || to === undefined) return undefined;
  const originId = message.getChild("origin-id", NS_SID)?.attrs.id || undefined;
  if (message.attrs.type === "groupchat" && bareJid(from) !== account) {
    const room = bareJid(from) ?? from;
    const own = options.ownOccupant?.(room);
    const occupantId = readOccupantId(message, room, options);
    const realJid = via === "archive" ? archivedRealJid(message) : options.realJidOf?.(from);
    const nick = resourceOf(from);
    // Where the room tells occupants apart, a nick proves nothing: somebody else may have had it.
    const ours =
      own?.occupantId !== undefined && occupantId !== undefined
        ? own.occupantId === occupantId
        : realJid !== undefined
          ? realJid === account
          : own?.nick !== undefined && nick === own.nick;
    const direction = ours ? "out" : "in";
    return {
      message,
      via,
      direction,
      from,
      to,
      conversation: room,
      sender: from,
      room,
      occupantId,
      realJid,
      originId,
    };
  }
  const out = bareJid(from) === account;
  const other = out ? to : from;
  const bare = bareJid(other);
  if (bare === undefined) return undefined;
  // XEP-0045 §7.5: a private message is known by its room. The mark that it should carry proves nothing, for any contact may set
  // it; and the room's own address says nothing of the person.
  const isPrivate =
    options.ownOccupant?.(bare) !== undefined && message.attrs.type !== "groupchat" && other !== bare;
  const conversation = isPrivate ? other : bare;
  return {
    message,
    via,
    direction: out ? "out" : "in",
    from,
    to,
    conversation,
    sender: out ? account : conversation,
    originId,
    ...(isPrivate && {
      room: bare,
      occupantId: out ? undefined : readOccupantId(message, bare, options),
      realJid: out || via === "archive" ? undefined : options.realJidOf?.(from),
    }),
  };
}

/**
 * Finds out what is certain about a message stanza.
 *
 * @returns undefined where it is forged (a carbon that is not from our own server) or addresses nobody
 */
export function openEnvelope(stanza: XmlElement, options: EnvelopeOptions): Envelope | undefined {
  const { account } = options;
  const opened = unwrap(stanza, account);
  if (!opened) return undefined;
  const described = describe(detach(opened.message), opened.via, options);
  if (!described) return undefined;
  const { message, room } = described;
  const groupchat = message.attrs.type === "groupchat" && room !== undefined;
  const now = options.now?.() ?? new Date();
  return {
    ...described,
    delay: options.isDelayed?.(stanza, groupchat ? room : undefined)
      ? readDelay(message, groupchat ? [room] : [account, parseJid(account)?.domain], now)
      : undefined,
    stanzaId: readStanzaId(message, groupchat ? room : account, options),
  };
}

/**
 * Finds out what is certain about a message of an archive. Its id and time are the archive's, whatever the message
 * itself says (XEP-0313 §4.2); a time in the future is now.
 *
 * @returns undefined where there is no message any more, or none that belongs into this archive: in a room's only its own
 *   room messages, in the account's no room's
 */
export function openArchived(
  archive: string,
  result: ArchiveResult,
  options: EnvelopeOptions,
): Envelope | undefined {
  if (!result.message) return undefined;
  const described = describe(result.message, "archive", options);
  if (!described) return undefined;
  const isRoom = archive !== options.account;
  const groupchat = described.message.attrs.type === "groupchat";
  if (isRoom ? !groupchat || described.conversation !== archive : groupchat) return undefined;
  const now = options.now?.() ?? new Date();
  const stamp = result.stamp ?? now;
  return {
    ...described,
    delay: new Date(Math.min(stamp.getTime(), now.getTime())),
    stanzaId: { id: result.id, by: archive },
  };
}
