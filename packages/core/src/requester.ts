import type { XmlElement } from "./xml/element.js";

/** Whoever can send an IQ and give its answer: a session, or an adapter over a plain XMPP client. */
export interface Requester {
  /** Bare JID that the requests are made as. */
  readonly account: string;
  /**
   * @returns the answer of type `result`
   * @throws {StanzaError} the entity answered with an error
   * @throws {RequestTimeoutError} no answer in time
   * @throws {NotConnectedError} there is no session
   */
  request(iq: XmlElement, options?: { timeoutMs?: number }): Promise<XmlElement>;
}
