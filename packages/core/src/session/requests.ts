import {
  AnswerTooLargeError,
  ConnectionError,
  type LarderError,
  RequestTimeoutError,
} from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import { bareJid, normaliseJid, parseJid } from "../jid/jid.js";
import type { AnswerParts } from "../requester.js";
import type { XmlElement } from "../xml/element.js";
import type { DroppedStanza } from "./options.js";
import type { PartTaker } from "./stanza-parser.js";

interface Pending {
  to: string | undefined;
  timer: NodeJS.Timeout;
  parts: AnswerParts | undefined;
  resolve: (answer: XmlElement) => void;
  reject: (error: LarderError) => void;
}

/** What became of an IQ answer. `forged` names who should have answered. */
export type Match = { kind: "answered" } | { kind: "unknown" } | { kind: "forged"; expected: string };

/**
 * The requests that wait for their answer. The id alone proves nothing: anybody who may send us an IQ can
 * answer with a guessed one, so the sender has to be the one that was asked.
 */
export class Requests {
  readonly #account: string;
  readonly #domain: string;
  readonly #pending = new Map<string, Pending>();
  readonly #onChange: () => void;

  /**
   * @param account bare JID, normalised
   * @param onChange called when a request begins or ends to wait
   */
  constructor(account: string, onChange: () => void = () => {}) {
    this.#account = account;
    this.#onChange = onChange;
    this.#domain = parseJid(account)?.domain ?? account;
  }

  /** Number of requests that wait for their answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Waits for the answer to the request of this id. */
  wait(id: string, to: string | undefined, timeoutMs: number, parts?: AnswerParts): Promise<XmlElement> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        this.#onChange();
        reject(new RequestTimeoutError(`${to ?? "the server"} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#pending.set(id, { to, timer, parts, resolve, reject });
      this.#onChange();
    });
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    clearTimeout(pending.timer);
    this.#pending.delete(id);
    this.#onChange();
    return pending;
  }

  /**
   * Whether an answer from `from` may answer a request to `to`. RFC 6120 §8.1.2.1: no `from` means our own
   * account, and only our server can leave it out. §10.3.1 and §10.3.3: what we send without `to`, or to our
   * bare JID, the server answers in the account's name; some put the full JID or their own there.
   */
  #mayAnswer(from: string | undefined, to: string | undefined, fullJid: string | undefined): boolean {
    const asked = to === undefined ? this.#account : normaliseJid(to);
    const own = [this.#account, this.#domain, fullJid];
    if (from === undefined) return asked !== undefined && own.includes(asked);
    const answered = normaliseJid(from);
    if (answered === undefined || asked === undefined) return false;
    if (asked === this.#account) return own.includes(answered);
    return answered === asked;
  }

  /** Who takes the parts of an answer whose start tag has arrived: of the one that was asked, and of a result alone. */
  partsOf({ name, attrs }: XmlElement, fullJid: string | undefined): PartTaker | undefined {
    const { id, from, type } = attrs;
    const pending =
      id === undefined || name !== "iq" || type !== "result" ? undefined : this.#pending.get(id);
    if (id === undefined || !pending?.parts || !this.#mayAnswer(from, pending.to, fullJid)) return undefined;
    const { parts, timer } = pending;
    parts.begin();
    return {
      path: parts.path,
      take: (part) => {
        if (this.#pending.get(id) !== pending) return false; // nobody waits any longer
        timer.refresh(); // it is answering
        return parts.take(part);
      },
    };
  }

  /** Gives an answer to whoever waits for it. */
  match(answer: XmlElement, fullJid: string | undefined): Match {
    const { id, from, type } = answer.attrs;
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || !pending) return { kind: "unknown" };
    if (!this.#mayAnswer(from, pending.to, fullJid)) {
      return { kind: "forged", expected: pending.to ?? this.#account };
    }
    this.#take(id);
    if (type === "error") pending.reject(StanzaError.fromStanza(answer));
    else pending.resolve(answer);
    return { kind: "answered" };
  }

  /** An answer that was over a limit: whoever waits for it is told which. */
  matchDropped(dropped: DroppedStanza, fullJid: string | undefined, limit: string): void {
    const { id, from, name, type } = dropped;
    if (name !== "iq" || (type !== "result" && type !== "error") || id === undefined) return;
    const pending = this.#pending.get(id);
    if (!pending || !this.#mayAnswer(from, pending.to, fullJid)) return;
    this.#take(id);
    const who = bareJid(from) ?? "the server";
    pending.reject(
      new AnswerTooLargeError(`the answer of ${who} is over the limit ${limit} (${dropped.bytes} bytes)`),
    );
  }

  /** The request could not even be sent. */
  cancel(id: string, error: LarderError): void {
    this.#take(id)?.reject(error);
  }

  /** The session that was asked is over. */
  rejectAll(reason: string): void {
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(new ConnectionError(reason));
  }
}
