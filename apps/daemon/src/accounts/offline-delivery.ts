import { NS_PING, type Session, type XmlElement, xml } from "@larder/core";

/**
 * Knows which messages a server has kept for us: those that come between what makes it deliver them (initial presence, a
 * resumption) and its answer to a ping that is sent after that. Only there does a server state a delay (XEP-0160 §3,
 * XEP-0198 §5); at any other time a contact may have written it.
 */
export class OfflineDelivery {
  readonly #session: Session;
  readonly #delivered = new WeakSet<XmlElement>();
  #open = 0;

  constructor(session: Session) {
    this.#session = session;
    session.intercept((stanza) => {
      if (this.#open > 0 && stanza.name === "message") this.#delivered.add(stanza);
      return false;
    });
  }

  /** True while the server delivers the stanzas that it kept for us. */
  has(stanza: XmlElement): boolean {
    return this.#delivered.has(stanza);
  }

  /** The server delivers from now on; what it answers after a ping comes behind that. */
  begin(): void {
    this.#open++;
    this.#session
      .request(xml("iq", { type: "get" }, xml("ping", { xmlns: NS_PING })))
      .catch(() => {}) // an error is an answer, too, and without a session nothing is delivered
      .finally(() => this.#open--);
  }
}
