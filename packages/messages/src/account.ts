import type { ArchiveRequester, XmlElement } from "@larder/core";

/** An account as message history sees it. */
export interface MessagingAccount {
  /** Row id of the account. */
  readonly id: number;
  /** Bare JID. */
  readonly jid: string;
  readonly online: () => boolean;
  /** Sends a stanza; resolves when the server has acknowledged it (XEP-0198). */
  readonly sendTracked: (stanza: XmlElement) => Promise<void>;
  /** Whether a room takes messages of ours now; a message to one that does not waits. Default: always. */
  readonly isInRoom?: (room: string) => boolean;
  /** What we are called in a room. */
  readonly nickIn?: (room: string) => string | undefined;
}

/** An account that can ask: for archives, nodes, rooms. */
export interface ConnectedAccount extends MessagingAccount {
  readonly requester: ArchiveRequester;
  /** Sends a stanza that nobody has to confirm. */
  readonly send: (stanza: XmlElement) => Promise<void>;
}
