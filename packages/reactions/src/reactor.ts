import { type Envelope, resourceOf } from "@larder/core";
import type { ReactingAccount } from "./account.js";

/** Who reacts: the key under which a sender's set is kept. */
export interface Reactor {
  /** Bare JID; in rooms the occupant-id, else the real bare JID, else `room/nick`. */
  readonly sender: string;
  readonly own: boolean;
  readonly realJid?: string;
  readonly nick?: string;
  /** Only the nick says who it is, and a nick changes hands: presence has to vouch for it (XEP-0444 §4.1). */
  readonly byNick: boolean;
}

/** The key of our own reactions in a conversation. */
export const ownSender = (account: ReactingAccount, conversation: string): string =>
  account.room?.(conversation)?.occupantId ?? account.jid;

/**
 * Who sent a reaction (XEP-0444 §4.1). The envelope has seen to it that in direct conversations the sender is one of the two
 * parties.
 */
export function reactorOf(envelope: Envelope, account: ReactingAccount): Reactor {
  const { room, occupantId, realJid, from, sender, via } = envelope;
  const own = envelope.direction === "out";
  if (room === undefined) return { sender, own, byNick: false };
  const nick = resourceOf(from);
  if (envelope.message.attrs.type !== "groupchat" && own)
    return { sender: account.jid, own, realJid: account.jid, byNick: false };
  if (own) {
    const id = occupantId ?? account.room?.(room)?.occupantId ?? account.jid;
    // In an archive our nick of today may be another's of then.
    const byNick = via === "archive" && occupantId === undefined && realJid !== account.jid;
    return { sender: id, own, realJid: account.jid, nick, byNick };
  }
  const id = occupantId ?? realJid;
  return { sender: id ?? `${room}/${nick ?? ""}`, own, realJid, nick, byNick: id === undefined };
}
