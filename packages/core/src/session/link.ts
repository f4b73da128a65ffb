import { randomUUID } from "node:crypto";
import { ConnectionError, type LarderError } from "../errors/errors.js";
import { NS_PING, NS_SM, NS_STREAM_ERRORS } from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";
import { Liveness } from "./liveness.js";
import type { SessionTimeouts } from "./options.js";
import type { InboundLedger } from "./stream-management/inbound-ledger.js";
import {
  HandledCountTooHighError,
  type OutboundQueue,
  readCount,
  type Unacknowledged,
} from "./stream-management/outbound-queue.js";
import type { XmppStream } from "./xmpp-stream.js";

/** The state of XEP-0198 that outlives connections: it is resumed with `id`, or ends with its session. */
export interface ManagedSession {
  /** Undefined where the server does not let it be resumed. */
  readonly id: string | undefined;
  readonly queue: OutboundQueue;
  readonly ledger: InboundLedger;
}

export interface LinkOptions {
  account: string;
  timeouts: SessionTimeouts;
  stream: XmppStream;
  managed: ManagedSession | undefined;
}

/** One connection that is online: sending, counting, acknowledging, and noticing that it is dead. */
export class Link {
  readonly #options: LinkOptions;
  readonly #liveness: Liveness;
  /** The server was told a count while stanzas were still being worked on. */
  #owesAcknowledgement = false;
  #answer: NodeJS.Immediate | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { account, stream, timeouts } = options;
    this.#liveness = new Liveness({
      timeouts,
      lastHeard: () => stream.lastHeard,
      ask: () => this.#ask(),
      onDead: () =>
        stream.fail(
          new ConnectionError(`${account}: the server has been silent for too long; the link is dead`),
        ),
    });
    stream.onFailed(() => this.#liveness.stop());
  }

  get managed(): ManagedSession | undefined {
    return this.#options.managed;
  }

  /** True where the session must not be resumed. */
  get broken(): boolean {
    return this.#options.stream.broken;
  }

  #write(element: XmlElement): void {
    this.#options.stream.write(element.toString()).catch(() => {}); // the stream reports its own end
  }

  #ask(): void {
    if (this.managed) this.#write(xml("r", { xmlns: NS_SM }));
    else this.#write(xml("iq", { type: "get", id: randomUUID() }, xml("ping", { xmlns: NS_PING })));
  }

  /** Sends a stanza; with stream management it stays in the queue until the server acknowledges it. */
  async send(stanza: Unacknowledged): Promise<void> {
    const { stream, managed } = this.#options;
    if (!managed) {
      await stream.write(stanza.text);
      stanza.acknowledged?.();
      return;
    }
    managed.queue.push(stanza);
    // Where the connection breaks meanwhile, the stanza goes out again when it is resumed.
    stream.write(stanza.text).catch(() => {});
    this.#liveness.sent();
  }

  /** Sends again what the server did not count (XEP-0198 §5). */
  resend(): void {
    const { stream, managed } = this.#options;
    const waiting = managed?.queue.unacknowledged() ?? [];
    if (waiting.length === 0) return;
    stream.write(waiting.map(({ text }) => text).join("")).catch(() => {});
    for (const stanza of waiting) stanza.written?.();
    this.#liveness.sent();
  }

  /**
   * Takes in the server's count. One that is too high ends the stream (XEP-0198 §6).
   *
   * @returns false where it was too high
   */
  acknowledge(h: number): boolean {
    const { account, stream, managed } = this.#options;
    try {
      managed?.queue.acknowledge(h);
      return true;
    } catch (error) {
      if (!(error instanceof HandledCountTooHighError)) throw error;
      stream.failWithStreamError(
        [
          xml("undefined-condition", { xmlns: NS_STREAM_ERRORS }),
          xml("handled-count-too-high", { xmlns: NS_SM, h: error.h, "send-count": error.sent }),
        ],
        new ConnectionError(`${account}: ${error.message}`, { condition: "handled-count-too-high" }),
      );
      return false;
    }
  }

  /** Takes in `<r/>` and `<a/>`. */
  manage(element: XmlElement): void {
    const { managed } = this.#options;
    if (!managed) return;
    if (element.name === "r") {
      // After what came with it in the same piece: handlers that are done at once count already.
      this.#answer ??= setImmediate(() => {
        this.#answer = undefined;
        if (!this.#options.stream.failure) this.#sendCount();
      });
      return;
    }
    if (element.name !== "a") return;
    const h = readCount(element.attrs.h);
    if (h !== undefined && this.acknowledge(h)) this.#liveness.answered();
  }

  #sendCount(): void {
    const { managed } = this.#options;
    if (!managed) return;
    this.#owesAcknowledgement = !managed.ledger.idle;
    this.#write(xml("a", { xmlns: NS_SM, h: managed.ledger.h }));
  }

  /** Where the server was told too little because handlers were still at work: tells it the rest. */
  acknowledgeOwed(): void {
    const { managed, stream } = this.#options;
    if (this.#owesAcknowledgement && managed?.ledger.idle && !stream.failure) this.#sendCount();
  }

  /** Closes in good order: our count (XEP-0198 §4), a last question for the server's, the end of the stream. */
  async close(): Promise<void> {
    const { managed, stream, timeouts } = this.#options;
    if (managed) {
      if (managed.queue.length > 0) this.#write(xml("r", { xmlns: NS_SM }));
      this.#sendCount();
    }
    await stream.close(timeouts.closeMs);
  }

  cut(error: LarderError): void {
    this.#options.stream.fail(error);
  }
}
