import { randomUUID } from "node:crypto";
import { ConnectionError, InvalidParamsError, LarderError, NotConnectedError } from "../errors/errors.js";
import { formatJid, normaliseJid, requireJid } from "../jid/jid.js";
import { NS_CSI, NS_ROSTER_VERSIONING, NS_STREAM_LIMITS, NS_SUB_PREAPPROVAL } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";
import { abortable } from "./abortable.js";
import { BackPressure } from "./back-pressure.js";
import { Dispatcher, type StanzaHandler } from "./dispatcher.js";
import { Events } from "./events.js";
import { type IqHandler, IqHandlers } from "./iq-handlers.js";
import { Link, type ManagedSession } from "./link.js";
import { Login } from "./login.js";
import { type Negotiated, negotiate } from "./negotiate.js";
import {
  defaultLimits,
  defaultTimeouts,
  type RequestOptions,
  type ServerFeatures,
  type SessionEvents,
  type SessionLimits,
  type SessionLog,
  type SessionMemory,
  type SessionOptions,
  type SessionState,
  type SessionStats,
  type SessionTimeouts,
  type StanzaHandlerOptions,
  silentLog,
} from "./options.js";
import { serialise } from "./outgoing.js";
import { Receiver } from "./receiver.js";
import { Requests } from "./requests.js";
import { InboundLedger } from "./stream-management/inbound-ledger.js";
import { OutboundQueue, type Unacknowledged } from "./stream-management/outbound-queue.js";
import { Supervisor } from "./supervisor.js";
import {
  type Endpoint,
  findEndpoints,
  isLoopback,
  parseService,
  systemResolver,
} from "./transport/endpoints.js";
import { requireLoopback } from "./transport/plaintext.js";
import { VolatileMemory } from "./volatile-memory.js";
import { XmppStream } from "./xmpp-stream.js";

/**
 * One account's connection to its server, kept up until {@link Session.disconnect}.
 *
 * What it promises: nothing but STARTTLS before encryption, and a certificate for the account's domain; no
 * stanza lost or handled twice while the server lets the session be resumed (XEP-0198); stanzas of one
 * conversation in order; answers only from whoever was asked. Initial presence, roster and carbons are left
 * to whoever listens to `online`.
 */
export class Session implements AsyncDisposable {
  /** The account: a bare JID in normal form. */
  readonly account: string;
  readonly #options: SessionOptions;
  readonly #domain: string;
  readonly #local: string;
  readonly #log: SessionLog;
  readonly #timeouts: SessionTimeouts;
  readonly #limits: SessionLimits;
  readonly #memory: SessionMemory;
  readonly #events: Events<SessionEvents>;
  readonly #dispatcher: Dispatcher;
  readonly #iqHandlers: IqHandlers;
  readonly #requests: Requests;
  readonly #receiver: Receiver;
  readonly #backPressure: BackPressure;
  readonly #supervisor: Supervisor;
  readonly #stats: SessionStats = {
    received: 0,
    sent: 0,
    dropped: 0,
    forged: 0,
    duplicates: 0,
    sessions: 0,
    resumptions: 0,
    pauses: 0,
  };
  /** Tracked stanzas that the server has not acknowledged. */
  #tracked = 0;
  #jid: string | undefined;
  #features: ServerFeatures | undefined;
  #lastError: LarderError | undefined;
  #managed: ManagedSession | undefined;
  #link: Link | undefined;
  #disconnecting: Promise<void> | undefined;

  /** @throws {InvalidParamsError} `jid` is no bare JID with a localpart, or `service` cannot be read */
  constructor(options: SessionOptions) {
    const { local, domain, resource } = requireJid(options.jid, "jid");
    if (local === "" || resource !== "") {
      throw new InvalidParamsError("jid", `jid: "${options.jid}" is not of the form name@domain`);
    }
    if (options.service !== undefined) parseService(options.service);
    this.#options = options;
    this.#local = local;
    this.#domain = domain;
    this.account = formatJid({ local, domain, resource: "" });
    this.#log = options.log ?? silentLog;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#memory = options.memory ?? new VolatileMemory();
    this.#events = new Events(this.#log);
    this.#dispatcher = new Dispatcher(this.#log);
    this.#iqHandlers = new IqHandlers(this.#log);
    this.#backPressure = new BackPressure({
      limits: this.#limits,
      isAwaiting: () => this.#requests.waiting > 0 || this.#tracked > 0,
      onPause: () => {
        this.#stats.pauses++;
        this.#log.debug({ account: this.account }, "reading stops until what has arrived is handled");
      },
    });
    this.#requests = new Requests(this.account, () => this.#backPressure.update());
    this.#receiver = new Receiver({
      account: this.account,
      log: this.#log,
      limits: this.#limits,
      stats: this.#stats,
      events: this.#events,
      backPressure: this.#backPressure,
      dispatcher: this.#dispatcher,
      iqHandlers: this.#iqHandlers,
      requests: this.#requests,
      jid: () => this.#jid,
      send: (stanza) => this.send(stanza),
      linkOf: (managed) => (this.#link?.managed === managed ? this.#link : undefined),
    });
    this.#supervisor = new Supervisor({
      account: this.account,
      log: this.#log,
      backOff: options.backOff,
      stableMs: this.#timeouts.stableMs,
      attempt: (signal, online) => this.#attempt(signal, online),
      onState: (state, error) => this.#onState(state, error),
    });
  }

  get state(): SessionState {
    return this.#supervisor.state;
  }

  /** The full JID of the session, also while its connection is being re-established; else undefined. */
  get jid(): string | undefined {
    return this.#jid;
  }

  /** Why the session is not online, or why the last attempt failed; undefined once it is online. */
  get lastError(): LarderError | undefined {
    return this.#lastError;
  }

  /** What the server announced when the session began; undefined before. */
  get serverFeatures(): ServerFeatures | undefined {
    return this.#features;
  }

  get stats(): Readonly<SessionStats> {
    return { ...this.#stats };
  }

  /**
   * Connects and keeps the connection up. Joins an attempt under way, or begins one at once instead of
   * waiting for the back-off.
   *
   * @returns resolves when online
   * @throws {LarderError} why this attempt failed. Where another may succeed, the session goes on trying
   *   (`state` "connecting", {@link lastError}) until {@link disconnect}; else `state` is "failed".
   */
  connect(): Promise<void> {
    return this.#disconnecting
      ? this.#disconnecting.then(() => this.#supervisor.connect())
      : this.#supervisor.connect();
  }

  /** Ends the session in good order, within about 2 s; requests that wait for an answer are rejected. */
  disconnect(): Promise<void> {
    this.#disconnecting ??= this.#disconnect().finally(() => {
      this.#disconnecting = undefined;
    });
    return this.#disconnecting;
  }

  async #disconnect(): Promise<void> {
    const link = this.#link;
    const stopped = this.#supervisor.stop();
    await link?.close();
    await stopped;
    this.#endSession(`${this.account} was disconnected`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
  }

  /**
   * Sends a stanza; stanzas go out in the order of the calls. While a lost connection is being resumed they
   * are queued, and sent then.
   *
   * @returns resolves when the stanza was handed to a connection
   * @throws {NotConnectedError} there is no session
   * @throws {ConnectionError} the session ended before the stanza could be sent
   * @throws {NotAcceptableError} XML or the server does not allow it
   */
  async send(stanza: XmlElement): Promise<void> {
    await this.#send(stanza, {});
  }

  /**
   * Sends a stanza and waits until the server has taken responsibility for it (XEP-0198 §4; without stream
   * management: until it is written).
   *
   * @throws {NotConnectedError} there is no session
   * @throws {ConnectionError} the session ended without an acknowledgement: it may have arrived, or not
   * @throws {NotAcceptableError} XML or the server does not allow it
   */
  async sendTracked(stanza: XmlElement): Promise<void> {
    this.#track(1);
    const acknowledged = new Promise<void>((resolve, reject) => {
      const lost = () =>
        reject(
          new ConnectionError(`${this.account}: the session ended before the server confirmed the stanza`),
        );
      this.#send(stanza, { acknowledged: resolve, lost }).catch(reject);
    });
    await acknowledged.finally(() => this.#track(-1));
  }

  #track(change: 1 | -1): void {
    this.#tracked += change;
    this.#backPressure.update();
  }

  async #send(stanza: XmlElement, tracking: Omit<Unacknowledged, "text" | "written">): Promise<void> {
    const link = this.#link;
    const managed = this.#managed;
    if (!link && managed?.id === undefined) throw new NotConnectedError(this.account);
    const text = serialise(stanza, this.#features?.maxStanzaBytes);
    if (managed && managed.queue.length >= this.#limits.queuedStanzas) {
      throw new NotConnectedError(this.account);
    }
    if (link) {
      this.#stats.sent++;
      await link.send({ text, ...tracking });
      return;
    }
    await new Promise<void>((resolve, reject) => {
      managed?.queue.push({
        text,
        written: () => {
          this.#stats.sent++;
          resolve();
        },
        acknowledged: () => {
          tracking.acknowledged?.();
          resolve();
        },
        lost: () => {
          tracking.lost?.();
          reject(new ConnectionError(`${this.account}: the session ended before the stanza could be sent`));
        },
      });
    });
  }

  /**
   * Sends an IQ of type get or set, with an id of its own, and waits for the answer; a resumption in between
   * does no harm.
   *
   * @returns the result, detached from the stream
   * @throws {StanzaError} the entity answered with an error
   * @throws {RequestTimeoutError} no answer in time
   * @throws {NotConnectedError} there is no session
   * @throws {ConnectionError} the session ended first
   * @throws {NotAcceptableError} the answer is over the limit for stanzas, or the request is not sendable
   */
  async request(stanza: XmlElement, options: RequestOptions = {}): Promise<XmlElement> {
    if (stanza.name !== "iq" || (stanza.attrs.type !== "get" && stanza.attrs.type !== "set")) {
      throw new InvalidParamsError("stanza", "stanza: a request is an iq of type get or set");
    }
    const id = randomUUID();
    stanza.attrs.id = id;
    const timeoutMs = options.timeoutMs ?? this.#timeouts.requestMs;
    const answer = this.#requests.wait(id, stanza.attrs.to, timeoutMs, options.parts);
    this.send(stanza).catch((error: unknown) => {
      const failure = error instanceof LarderError ? error : new ConnectionError(String(error));
      this.#requests.cancel(id, failure);
    });
    return answer;
  }

  /**
   * Handles messages, presence, and IQ answers that nobody asked for. A stanza counts as handled (XEP-0198)
   * once the promises of all handlers are settled. One that rejects with an error of type `storage`
   * keeps it unhandled: the connection is cut and resumed later, and the server sends it again, to every
   * handler. Any other failure is logged.
   *
   * @returns takes the handler away again
   */
  onStanza(handler: StanzaHandler, options?: StanzaHandlerOptions): () => void {
    return this.#dispatcher.on(handler, options);
  }

  /**
   * Sees stanzas as they arrive, before they wait in any lane, and takes those for which it returns true: for
   * what belongs to a request under way, such as archive results, which have to be there before its answer.
   *
   * @returns takes the interceptor away again
   */
  intercept(interceptor: (stanza: XmlElement) => boolean): () => void {
    return this.#dispatcher.intercept(interceptor);
  }

  /** Answers requests of others; one handler for each kind, the last one wins. */
  handleIq(type: "get" | "set", name: string, xmlns: string, handler: IqHandler): void {
    this.#iqHandlers.set(type, name, xmlns, handler);
  }

  /** @returns takes the listener away again */
  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (event: SessionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  #onState(state: SessionState, error: LarderError | undefined): void {
    if (error || state === "online") this.#lastError = error;
    if (state === "failed") this.#endSession(error?.message ?? `${this.account} is not connected`);
    this.#events.emit("state", { state, error });
  }

  #findEndpoints(signal: AbortSignal): Promise<Endpoint[]> {
    const { resolver, backOff } = this.#options;
    const found = findEndpoints(this.#domain, resolver ?? systemResolver, backOff?.random ?? Math.random);
    return abortable(found, {
      signal,
      timeoutMs: this.#timeouts.connectMs,
      onAbort: () => this.#calledOff(),
      onTimeout: () => new ConnectionError(`${this.account}: the name service does not answer`),
    });
  }

  #calledOff(): ConnectionError {
    return new ConnectionError(`${this.account} was asked to disconnect`);
  }

  async #attempt(signal: AbortSignal, online: () => void): Promise<LarderError> {
    const { service, ca, password, tls, allowPlaintext } = this.#options;
    const plain = tls === "disabled";
    if (plain && !allowPlaintext) requireLoopback(this.account, this.#domain, service);
    const endpoints = service === undefined ? await this.#findEndpoints(signal) : [parseService(service)];
    const login = new Login({
      account: this.account,
      username: this.#local,
      password,
      memory: this.#memory,
      // Readable passwords never leave the machine, whatever else may.
      plainAllowed: !plain || endpoints.every(({ host }) => isLoopback(host)),
      log: this.#log,
    });
    const stream = new XmppStream({
      account: this.account,
      domain: this.#domain,
      tag: this.#options.resource ?? "Larder",
      encryption: { domain: this.#domain, ca },
      limits: this.#limits,
      timeouts: this.#timeouts,
      log: this.#log,
      authenticate: (...args) => login.authenticate(...args),
    });
    const onAbort = () => {
      if (!this.#link) stream.fail(this.#calledOff());
    };
    signal.addEventListener("abort", onAbort);
    try {
      await stream.connect(endpoints, signal);
      const resume = this.#managed?.id;
      const ledger = this.#managed?.ledger;
      const negotiated = await negotiate(stream, {
        account: this.account,
        resource: this.#options.resource,
        tls: plain ? "disabled" : "required",
        login,
        timeouts: this.#timeouts,
        resume: resume !== undefined && ledger ? { id: resume, h: () => ledger.resume() } : undefined,
      });
      await login.confirm();
      if (signal.aborted) throw this.#calledOff();
      return await this.#live(stream, negotiated, online);
    } catch (error) {
      // The stream's own failure came first and says more than what followed from it.
      throw stream.failure ?? error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      stream.fail(new ConnectionError(`${this.account}: the connection is over`));
      this.#backPressure.attach(undefined);
      this.#link = undefined;
    }
  }

  /** From the end of the negotiation to the end of the connection. */
  async #live(stream: XmppStream, negotiated: Negotiated, online: () => void): Promise<LarderError> {
    const ended = new Promise<LarderError>((resolve) => stream.onFailed(resolve));
    if (!negotiated.resumed) this.#beginSession(negotiated);
    const link = new Link({
      account: this.account,
      timeouts: this.#timeouts,
      stream,
      managed: this.#managed,
    });
    stream.onFailed((error) => this.#onLost(link, error));
    stream.takerOf = (stanza) => this.#requests.partsOf(stanza, this.#jid);
    stream.onDropped = (dropped) => this.#receiver.drop(link, dropped);
    if (negotiated.resumed && !link.acknowledge(negotiated.h)) return ended;
    if (stream.failure) return ended;
    link.resend();
    this.#link = link;
    this.#stats.sessions++;
    if (negotiated.resumed) this.#stats.resumptions++;
    online();
    this.#events.emit("online", { resumed: negotiated.resumed });
    if (!negotiated.resumed)
      for (const element of negotiated.uncounted) this.#receiver.receive(link, element, false);
    this.#backPressure.attach(stream);
    stream.inbox.deliver((element) => this.#receiver.receive(link, element, true, stream.stanzaSize));
    return ended;
  }

  #beginSession({ jid, management, formerH, features }: Extract<Negotiated, { resumed: false }>): void {
    // What the server says it had handled is not reported as lost, as whoever sends it again would double it.
    if (formerH !== undefined && this.#managed) {
      try {
        this.#managed.queue.acknowledge(formerH);
      } catch {
        this.#log.warn(
          { account: this.account, h: formerH },
          "the server's count of the former session is impossible",
        );
      }
    }
    this.#endSession(`${this.account}: the session ended, and a new one began`);
    this.#jid = normaliseJid(jid) ?? jid;
    this.#managed = management && {
      id: management.id,
      queue: new OutboundQueue(),
      ledger: new InboundLedger(),
    };
    const maxBytes = Number(features.getChild("limits", NS_STREAM_LIMITS)?.getChildText("max-bytes"));
    this.#features = {
      rosterVersioning: features.getChild("ver", NS_ROSTER_VERSIONING) !== undefined,
      subscriptionPreApproval: features.getChild("sub", NS_SUB_PREAPPROVAL) !== undefined,
      clientState: features.getChild("csi", NS_CSI) !== undefined,
      streamManagement: management?.id !== undefined,
      maxStanzaBytes: maxBytes > 0 ? maxBytes : undefined,
    };
  }

  #onLost(link: Link, error: LarderError): void {
    if (this.#link === link) this.#link = undefined;
    if (link.broken || link.managed?.id === undefined) this.#endSession(error.message);
  }

  /** Nothing of the session is left: tells everybody who still waits for something of it. */
  #endSession(reason: string): void {
    const managed = this.#managed;
    this.#managed = undefined;
    this.#jid = undefined;
    managed?.queue.abandon();
    this.#requests.rejectAll(reason);
  }
}
