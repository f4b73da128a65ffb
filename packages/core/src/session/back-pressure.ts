import type { SessionLimits } from "./options.js";

/** The stream whose reading is stopped and begun. */
export interface Readable {
  pause(): void;
  resume(): void;
}

export interface BackPressureOptions {
  readonly limits: Pick<SessionLimits, "unfinishedStanzas" | "unfinishedBytes">;
  /** True while a caller waits for an answer or an acknowledgement of the server. */
  readonly isAwaiting: () => boolean;
  readonly onPause: () => void;
}

/** Factor of the limits while an answer is awaited. */
const READ_ON = 4;
/** Part of the limits at which reading begins again, so that it does not switch at each stanza. */
const RESUME_AT = 0.5;

/**
 * Stops reading from the server while too much of what has arrived is unfinished, so that a flood waits in the network and at
 * the server instead of in memory.
 *
 * | state | entered | left |
 * | --- | --- | --- |
 * | reading | at the start | over a limit of stanzas or bytes, and nothing is awaited |
 * | reading on | over a limit, and something is awaited: a handler's request may be what the others wait for | as reading, at four times the limits |
 * | paused | over the limit that holds | at half of the limits; or something is awaited, below four times the limits |
 *
 * It cannot deadlock: at four times the limits nothing is read, and then the time limit of each request ends its handler.
 */
export class BackPressure {
  readonly #options: BackPressureOptions;
  #stream: Readable | undefined;
  #stanzas = 0;
  #bytes = 0;
  #paused = false;

  constructor(options: BackPressureOptions) {
    this.#options = options;
  }

  /** A connection begins or is over; what earlier ones brought may still be unfinished. */
  attach(stream: Readable | undefined): void {
    this.#stream = stream;
    this.#paused = false;
    this.update();
  }

  /** A stanza has arrived. @param bytes about how large it is */
  begin(bytes: number): void {
    this.#stanzas++;
    this.#bytes += bytes;
    this.update();
  }

  /** Its handlers are done. */
  end(bytes: number): void {
    this.#stanzas--;
    this.#bytes -= bytes;
    this.update();
  }

  /** Looks again whether to read: called too when something begins or ends to be awaited. */
  update(): void {
    if (!this.#stream) return;
    const over = this.#isOver(this.#options.isAwaiting() ? READ_ON : 1);
    if (!this.#paused && over) {
      this.#paused = true;
      this.#stream.pause();
      this.#options.onPause();
    } else if (this.#paused && !over && (!this.#isOver(RESUME_AT) || this.#options.isAwaiting())) {
      this.#paused = false;
      this.#stream.resume();
    }
  }

  #isOver(factor: number): boolean {
    const { unfinishedStanzas, unfinishedBytes } = this.#options.limits;
    return this.#stanzas > unfinishedStanzas * factor || this.#bytes > unfinishedBytes * factor;
  }
}
