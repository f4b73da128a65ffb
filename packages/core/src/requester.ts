import type { XmlElement } from "./xml/element.js";

/**
 * Takes parts of an answer while it arrives, so that a large one need not be there as a whole. What was taken is not in
 * the answer. Whoever makes requests may pass it by, and give everything in the answer.
 */
export interface AnswerParts {
  /** Names of the elements from the answer's child down to the parts. */
  readonly path: readonly string[];
  /** An answer begins, from whom it may come; once more where its connection was lost and the server sends it again. */
  begin(): void;
  /**
   * @param part its parents are there for the namespaces alone
   * @returns false where no more can be taken: the request then fails as one whose answer is over the limit
   */
  take(part: XmlElement): boolean;
}

export interface RequesterOptions {
  readonly timeoutMs?: number;
  readonly parts?: AnswerParts;
}

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
  request(iq: XmlElement, options?: RequesterOptions): Promise<XmlElement>;
}
