import { LarderError } from "../errors/errors.js";
import { NS_CLIENT, NS_SM } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import type { BackPressure } from "./back-pressure.js";
import type { Dispatcher } from "./dispatcher.js";
import type { Events } from "./events.js";
import { type IqHandlers, iqError } from "./iq-handlers.js";
import type { Link, ManagedSession } from "./link.js";
import type { DroppedStanza, SessionEvents, SessionLimits, SessionLog, SessionStats } from "./options.js";
import type { Requests } from "./requests.js";
import type { LedgerEntry } from "./stream-management/inbound-ledger.js";

export interface ReceiverOptions {
  account: string;
  log: SessionLog;
  limits: SessionLimits;
  stats: SessionStats;
  events: Events<SessionEvents>;
  backPressure: BackPressure;
  dispatcher: Dispatcher;
  iqHandlers: IqHandlers;
  requests: Requests;
  /** Our full JID now. */
  jid: () => string | undefined;
  send: (stanza: XmlElement) => Promise<void>;
  /**
   * The connection that carries this session now: a handler may end long after the one that brought its
   * stanza is gone.
   */
  linkOf: (managed: ManagedSession | undefined) => Link | undefined;
}

const isStanzaName = (name: string) => name === "message" || name === "presence" || name === "iq";
const isRequest = ({ name, attrs }: XmlElement) =>
  name === "iq" && attrs.type !== "result" && attrs.type !== "error";
const keyOf = (name: string, attrs: { type?: string; id?: string; from?: string }) =>
  `${name} ${attrs.type} ${attrs.id} ${attrs.from}`;
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The limit that a stanza was over, as errors name it. */
function limitOf(reason: DroppedStanza["reason"], limits: SessionLimits): string {
  switch (reason) {
    case "size":
      return `stanzaBytes (${limits.stanzaBytes})`;
    case "depth":
      return `stanzaDepth (${limits.stanzaDepth})`;
    case "elements":
      return `stanzaElements (${limits.stanzaElements})`;
    case "attributes":
      return `stanzaAttributes (${limits.stanzaAttributes}, of one element ${limits.elementAttributes})`;
    case "namespaces":
      return `stanzaNamespaces (${limits.stanzaNamespaces})`;
  }
}

/** What comes from the server: counted, checked, and given to whoever it is for. */
export class Receiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * @param counted false for what came before stream management began
   * @param bytes about how large the stanza is
   */
  receive(link: Link, element: XmlElement, counted: boolean, bytes = 0): void {
    const { account, log, stats } = this.#options;
    const { name } = element;
    const namespace = element.getNS();
    if (namespace === NS_SM) {
      link.manage(element);
      return;
    }
    if (!isStanzaName(name) || namespace !== NS_CLIENT) {
      log.debug({ account, name, xmlns: namespace }, "an unknown element was ignored");
      return;
    }
    const managed = counted ? link.managed : undefined;
    const entry = managed?.ledger.receive(keyOf(name, element.attrs));
    if (managed && !entry) {
      stats.duplicates++;
      return;
    }
    stats.received++;
    const failed = (error: unknown) => {
      const { id, from } = element.attrs;
      log.error({ account, name, id, from, reason: reasonOf(error) }, "a stanza could not be handled");
    };
    try {
      if (this.#isSettled(element)) this.#finish(link.managed, entry);
      else this.#begin(link.managed, element, entry, bytes).catch(failed);
    } catch (error) {
      failed(error); // a listener's fault must not end the stream
    }
  }

  async #begin(
    managed: ManagedSession | undefined,
    stanza: XmlElement,
    entry: LedgerEntry | undefined,
    bytes: number,
  ): Promise<void> {
    const { backPressure } = this.#options;
    backPressure.begin(bytes);
    try {
      await this.#handle(managed, stanza, entry);
    } finally {
      backPressure.end(bytes);
    }
  }

  async #handle(
    managed: ManagedSession | undefined,
    stanza: XmlElement,
    entry: LedgerEntry | undefined,
  ): Promise<void> {
    if (isRequest(stanza)) {
      await this.#handleRequest(managed, stanza, entry);
    } else {
      const stored = await this.#options.dispatcher.dispatch(stanza, entry, (error) =>
        this.#onStorageFailure(managed, entry, error),
      );
      if (stored) this.#finish(managed, entry);
    }
  }

  /** True where nothing is left to do: an answer is with whoever waits for it, or somebody took the stanza on its way. */
  #isSettled(stanza: XmlElement): boolean {
    if (isRequest(stanza)) return false;
    return (stanza.name === "iq" && this.#isAnswer(stanza)) || this.#options.dispatcher.intercepts(stanza);
  }

  /** True where an IQ answer is dealt with: given to whoever waits for it, or recognised as forged. */
  #isAnswer(stanza: XmlElement): boolean {
    const { account, log, stats, events, requests, jid } = this.#options;
    const match = requests.match(stanza, jid());
    if (match.kind === "forged") {
      const { id = "", from } = stanza.attrs;
      const { expected } = match;
      stats.forged++;
      log.warn({ account, id, from, expected }, "an answer from the wrong entity was dropped");
      events.emit("forged", { id, from, expected });
    }
    return match.kind !== "unknown";
  }

  async #handleRequest(
    managed: ManagedSession | undefined,
    iq: XmlElement,
    entry: LedgerEntry | undefined,
  ): Promise<void> {
    const { account, log, iqHandlers, send } = this.#options;
    if (entry) entry.started = true;
    let answer: XmlElement;
    try {
      answer = await iqHandlers.answer(iq);
    } catch (error) {
      if (!(error instanceof LarderError)) throw error;
      this.#onStorageFailure(managed, entry, error);
      return;
    }
    await send(answer).catch((error: unknown) => {
      log.warn({ account, to: iq.attrs.from, reason: reasonOf(error) }, "an answer could not be sent");
    });
    this.#finish(managed, entry);
  }

  #finish(managed: ManagedSession | undefined, entry: LedgerEntry | undefined): void {
    if (!entry || entry.forgotten) return;
    managed?.ledger.finish(entry);
    this.#options.linkOf(managed)?.acknowledgeOwed();
  }

  #onStorageFailure(
    managed: ManagedSession | undefined,
    entry: LedgerEntry | undefined,
    error: LarderError,
  ): void {
    const { account, log, linkOf } = this.#options;
    log.error({ account, error: error.message }, "a stanza could not be stored; it is to come again");
    if (entry) managed?.ledger.giveBack(entry);
    linkOf(managed)?.cut(error);
  }

  /** A stanza over a limit: it is told and counted, and whoever waits for it is not left waiting. */
  drop(link: Link, dropped: DroppedStanza): void {
    const { account, log, limits, stats, requests, events, jid, send } = this.#options;
    const limit = limitOf(dropped.reason, limits);
    stats.dropped++;
    log.warn({ account, ...dropped, limit }, "a stanza over the limit was dropped");
    if (isStanzaName(dropped.name)) {
      this.#finish(link.managed, link.managed?.ledger.receive(keyOf(dropped.name, dropped)));
    }
    requests.matchDropped(dropped, jid(), limit);
    if (dropped.name === "iq" && (dropped.type === "get" || dropped.type === "set")) {
      send(iqError(dropped, "not-acceptable")).catch(() => {});
    }
    events.emit("dropped", dropped);
  }
}
