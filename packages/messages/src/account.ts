import type { XmlElement } from "@larder/core";

/** An account as message history sees it. */
export interface MessagingAccount {
  /** Row id of the account. */
  readonly id: number;
  /** Bare JID. */
  readonly jid: string;
  readonly online: () => boolean;
  /** Sends a stanza; resolves when the server has acknowledged it (XEP-0198). */
  readonly sendTracked: (stanza: XmlElement) => Promise<void>;
}
