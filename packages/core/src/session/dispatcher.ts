import { asStorageFailure, type LarderError } from "../errors/errors.js";
import { bareJid } from "../jid/jid.js";
import { Lanes } from "../lanes.js";
import type { XmlElement } from "../xml/element.js";
import type { SessionLog, StanzaHandlerOptions } from "./options.js";
import type { LedgerEntry } from "./stream-management/inbound-ledger.js";

export type StanzaHandler = (stanza: XmlElement) => Promise<void> | void;

interface Registered {
  handler: StanzaHandler;
  lane: (stanza: XmlElement) => string;
  lanes: Lanes;
}

const byConversation = (stanza: XmlElement) => bareJid(stanza.attrs.from) ?? stanza.attrs.from ?? "";

/** Gives each stanza to every handler, in order within a lane, and says when all are done with it. */
export class Dispatcher {
  readonly #log: SessionLog;
  readonly #registered = new Set<Registered>();
  readonly #interceptors = new Set<(stanza: XmlElement) => boolean>();

  constructor(log: SessionLog) {
    this.#log = log;
  }

  on(handler: StanzaHandler, options: StanzaHandlerOptions = {}): () => void {
    const registered = { handler, lane: options.lane ?? byConversation, lanes: new Lanes() };
    this.#registered.add(registered);
    return () => {
      this.#registered.delete(registered);
    };
  }

  intercept(interceptor: (stanza: XmlElement) => boolean): () => void {
    this.#interceptors.add(interceptor);
    return () => {
      this.#interceptors.delete(interceptor);
    };
  }

  /** Whether somebody takes it on its way, who then is done with it: no promise is made for each of the thousands of a page. */
  intercepts(stanza: XmlElement): boolean {
    for (const interceptor of [...this.#interceptors]) {
      try {
        if (interceptor(stanza)) return true;
      } catch (error) {
        this.#report(error, stanza);
      }
    }
    return false;
  }

  /**
   * @param onStorageFailure called at once when a handler could not store, before anything behind it in its
   *   lane begins; other failures are logged, as the same stanza would fail the same way again
   * @returns resolves when all handlers are done: true unless one could not store
   */
  async dispatch(
    stanza: XmlElement,
    entry: LedgerEntry | undefined,
    onStorageFailure: (error: LarderError) => void,
  ): Promise<boolean> {
    let stored = true;
    const jobs = [...this.#registered].map((registered) =>
      registered.lanes.run(this.#laneOf(registered, stanza), async () => {
        if (entry?.forgotten) return;
        if (entry) entry.started = true;
        try {
          await registered.handler(stanza);
        } catch (error) {
          const failure = asStorageFailure(error);
          if (failure) {
            stored = false;
            onStorageFailure(failure);
          } else {
            this.#report(error, stanza);
          }
        }
      }),
    );
    await Promise.all(jobs);
    return stored;
  }

  #laneOf({ lane }: Registered, stanza: XmlElement): string {
    try {
      return lane(stanza);
    } catch (error) {
      this.#report(error, stanza);
      return byConversation(stanza);
    }
  }

  #report(error: unknown, stanza: XmlElement): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { from, id, type } = stanza.attrs;
    this.#log.error({ name: stanza.name, from, id, type, reason }, "a stanza could not be handled");
  }
}
