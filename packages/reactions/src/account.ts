import type { XmlElement } from "@larder/core";
import type { Restrictions } from "./restrictions.js";

/** A room as the account stands to it. */
export interface ReactingRoom {
  /** We are in it now. */
  readonly joined: boolean;
  /** Our own occupant-id, where the room announces such ids (XEP-0421). */
  readonly occupantId?: string;
}

/** An account as reactions see it. */
export interface ReactingAccount {
  /** The account's row in the store. */
  readonly id: number;
  /** Bare JID. */
  readonly jid: string;
  readonly online: () => boolean;
  /** Sends a stanza; resolves when the server has acknowledged it (XEP-0198), or where it cannot, when it was written. */
  readonly sendTracked: (stanza: XmlElement) => Promise<void>;
  /** What is known of a room. Default: nothing is a room. */
  readonly room?: (jid: string) => ReactingRoom | undefined;
  /** Since when an occupant (`room/nick`) has been in the room without a break; undefined where nobody knows. */
  readonly presentSince?: (occupant: string) => Date | undefined;
  /** What the other party, or a room, allows (XEP-0444 §2.2). Asked only before a reaction is sent. */
  readonly restrictions?: (conversation: string) => Promise<Restrictions | undefined>;
}
