/** XEP-0198 §4: after 2^32 - 1 the counters begin again at zero. */
const WRAP = 2 ** 32;

/** A stanza that the server has not acknowledged. */
export interface Unacknowledged {
  readonly text: string;
  /** It has been written to a connection after waiting for one. */
  written?: () => void;
  /** The server has taken responsibility for it. */
  acknowledged?: () => void;
  /** The session ended without the server saying so. */
  lost?: () => void;
}

/** What the server acknowledged is more than was sent (XEP-0198 §6). */
export class HandledCountTooHighError extends Error {
  override readonly name = "HandledCountTooHighError";
  constructor(
    readonly h: number,
    readonly sent: number,
  ) {
    super(`the server acknowledged ${h} stanzas, but only ${sent} were sent`);
  }
}

/** The stanzas sent and not yet acknowledged, with the count that goes with them (XEP-0198 §4). */
export class OutboundQueue {
  #acknowledged: number;
  #waiting: Unacknowledged[] = [];

  /** @param acknowledged where to begin counting; for tests near the wrap */
  constructor(acknowledged = 0) {
    this.#acknowledged = acknowledged;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(stanza: Unacknowledged): void {
    this.#waiting.push(stanza);
  }

  /** In the order of sending. */
  unacknowledged(): readonly Unacknowledged[] {
    return this.#waiting;
  }

  /**
   * Takes in the server's `h`.
   *
   * @throws {HandledCountTooHighError} it counts stanzas that were never sent; nothing has changed then
   */
  acknowledge(h: number): void {
    const news = (h - this.#acknowledged + WRAP) % WRAP;
    if (news > this.#waiting.length) {
      throw new HandledCountTooHighError(h, (this.#acknowledged + this.#waiting.length) % WRAP);
    }
    this.#acknowledged = h;
    for (const stanza of this.#waiting.splice(0, news)) stanza.acknowledged?.();
  }

  /** The session is over: tells everybody who still waits. */
  abandon(): void {
    for (const stanza of this.#waiting.splice(0)) stanza.lost?.();
  }
}

/** Reads the attribute `h` (xs:unsignedInt); undefined where it is none. */
export function readCount(text: string | undefined): number | undefined {
  const value = text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value < WRAP ? value : undefined;
}
