import { bareJid, normaliseJid, parseJid } from "../jid/jid.js";
import { NS_CARBONS, NS_CLIENT, NS_DELAY, NS_FORWARD, NS_MUC_USER, NS_SID } from "../namespaces.js";
import { detach, type XmlElement } from "../xml/element.js";

/** A message together with what is certain about it: who sent it, to whom, and how it came. */
export interface Envelope {
  /** The message itself, out of any wrapper, cut loose from the stream. */
  readonly message: XmlElement;
  readonly via: "live" | "carbon";
  readonly direction: "in" | "out";
  /** Normalised; full JIDs where the stanza had them. */
  readonly from: string;
  readonly to: string;
  /** The other party: a bare JID; for private room messages `room/nick`. */
  readonly conversation: string;
  /** The verified sender: a bare JID; in rooms, also for their private messages, `room/nick`. */
  readonly sender: string;
  /** When it was sent, where our own server says that it was delayed (XEP-0203). */
  readonly delay?: Date;
  /** The archive's id, from an entity that announces such ids (XEP-0359 §5). */
  readonly stanzaId?: { readonly id: string; readonly by: string };
  /** A hint that belongs to `sender` (XEP-0359 §6). */
  readonly originId?: string;
}

export interface EnvelopeOptions {
  /** Bare JID of the account. */
  readonly account: string;
  /** Whether an entity announces stanza-ids (`urn:xmpp:sid:0`, or an archive); what is not announced is not believed. */
  readonly announcesStanzaIds: (by: string) => boolean;
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

/** XEP-0082 §3.2, in the form that XEP-0203 uses. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * A delay that our own server states (XEP-0203 §3); never in the future. Senders can write our server's
 * name too, and servers do not take that out: of several the latest counts, so that a forged one cannot
 * push a message further back than the real one says.
 */
function readDelay(message: XmlElement, account: string, now: Date): Date | undefined {
  const domain = parseJid(account)?.domain;
  const stamps = message.getChildren("delay", NS_DELAY).flatMap(({ attrs: { from, stamp = "" } }) => {
    const by = from === undefined ? undefined : normaliseJid(from);
    if (by === undefined || (by !== domain && by !== account) || !INSTANT.test(stamp)) return [];
    const time = Date.parse(stamp);
    return Number.isNaN(time) ? [] : [time];
  });
  return stamps.length === 0 ? undefined : new Date(Math.min(Math.max(...stamps), now.getTime()));
}

function readStanzaId(message: XmlElement, options: EnvelopeOptions): { id: string; by: string } | undefined {
  // Exactly the account: Prosody 0.12 lets a sender's stanza-id with a full JID of ours through.
  const own = message
    .getChildren("stanza-id", NS_SID)
    .filter(({ attrs: { by } }) => by !== undefined && normaliseJid(by) === options.account);
  const id = own[0]?.attrs.id;
  if (own.length !== 1 || !id || !options.announcesStanzaIds(options.account)) return undefined; // §3: at most one for each `by`
  return { id, by: options.account };
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
  const message = detach(opened.message);
  const from = normaliseJid(message.attrs.from ?? account);
  const to = normaliseJid(message.attrs.to ?? account);
  if (from === undefined || to === undefined) return undefined;
  const out = bareJid(from) === account;
  const other = out ? to : from;
  // XEP-0045 §7.5: a private message is known by this mark; the room's own address says nothing of the person.
  const privateMessage =
    message.getChild("x", NS_MUC_USER) !== undefined &&
    message.attrs.type !== "groupchat" &&
    other.includes("/");
  const conversation = privateMessage ? other : bareJid(other);
  const inRoom = privateMessage || message.attrs.type === "groupchat";
  const sender = out ? account : inRoom ? from : conversation;
  if (conversation === undefined || sender === undefined) return undefined;
  return {
    message,
    via: opened.via,
    direction: out ? "out" : "in",
    from,
    to,
    conversation,
    sender,
    delay: readDelay(message, account, options.now?.() ?? new Date()),
    stanzaId: readStanzaId(message, options),
    originId: message.getChild("origin-id", NS_SID)?.attrs.id || undefined,
  };
}
