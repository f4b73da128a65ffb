import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Authenticate, type Client, client as createClient } from "@xmpp/client";
import { ConnectionError, type LarderError, TlsError } from "../errors/errors.js";
import { NS_CLIENT, NS_SASL, NS_SASL2, NS_STREAM_ERRORS, NS_STREAMS, NS_TLS } from "../namespaces.js";
import { type XmlElement, xml } from "../xml/element.js";
import { Utf8Stream } from "../xml/utf8-stream.js";
import { libraryFailure, streamFailure } from "./failure.js";
import { Inbox } from "./inbox.js";
import type { DroppedStanza, SessionLimits, SessionLog, SessionTimeouts } from "./options.js";
import { StanzaParser } from "./stanza-parser.js";
import { type Encryption, encrypt, openSocket, socketFailure } from "./transport/dial.js";
import { type Endpoint, formatEndpoint } from "./transport/endpoints.js";

export interface XmppStreamOptions {
  account: string;
  domain: string;
  /** Goes into the tag of Bind 2 (XEP-0386 §3.2). */
  tag: string;
  encryption: Encryption;
  limits: SessionLimits;
  timeouts: SessionTimeouts;
  log: SessionLog;
  authenticate: (authenticate: Authenticate, mechanisms: string[], inSasl2: boolean) => Promise<void>;
}

/**
 * One connection and its XML streams, over one `client()` of xmpp.js.
 *
 * The library opens and restarts streams and leads the SASL, SASL2, Bind 2 and FAST exchanges. Everything
 * else stays out of its sight: it sees no element that this class does not hand to it, so its own STARTTLS
 * (skipped where it is not offered), stream management (counts on arrival) and IQ matching (by id alone)
 * never begin. A connection gets a client of its own, as an exchange that the network cut off would stay
 * behind in a client and answer the challenges of the next connection too.
 */
export class XmppStream {
  readonly #options: XmppStreamOptions;
  readonly client: Client;
  #raw: Socket | undefined;
  #place = "";
  #decoder = new Utf8Stream();
  /** What arrived and is neither the library's nor the end. */
  readonly inbox: Inbox;
  /** Calls off an encryption under way when the connection is over. */
  readonly #abort = new AbortController();
  readonly #passOn: (element: XmlElement) => void;
  #inSasl2 = false;
  #encrypting = false;
  #closing = false;
  #broken = false;
  #failure: LarderError | undefined;
  readonly #onFailure: ((error: LarderError) => void)[] = [];
  /** Looks at SASL elements before the library does; what it throws ends the connection. */
  inspectSasl: ((element: XmlElement) => void) | undefined;
  onDropped: ((dropped: DroppedStanza) => void) | undefined;
  /** See {@link StanzaParser.takerOf}. */
  takerOf: StanzaParser["takerOf"];
  #lastHeard = performance.now();
  #paused = false;
  #parser: StanzaParser | undefined;

  constructor(options: XmppStreamOptions) {
    this.#options = options;
    this.inbox = new Inbox(options.account);
    this.client = createClient({
      domain: options.domain,
      resource: options.tag,
      timeout: options.timeouts.streamMs,
      credentials: (authenticate, mechanisms) =>
        options.authenticate(authenticate, mechanisms, this.#inSasl2),
    });
    this.#passOn = this.client._onElement.bind(this.client);
    this.#filter(this.client);
    // Who we are is told in the header of encrypted streams only (RFC 6120 §4.7.1): the library sees to that.
    this.client._jid(options.account);
  }

  #filter(client: Client): void {
    client.reconnect.stop();
    client.Transport = client._findTransport("xmpp://host");
    client.on("error", (error: unknown) => this.fail(libraryFailure(this.#options.account, error)));
    client._onData = (data) => this.#receive(data);
    client._onElement = (element) => this.#onElement(element);
    const { limits } = this.#options;
    const prepare = (parser: StanzaParser) => this.#prepareParser(parser);
    client.Parser = class extends StanzaParser {
      constructor() {
        super(limits);
        prepare(this);
      }
    };
  }

  #prepareParser(parser: StanzaParser): void {
    this.#parser = parser;
    parser.takerOf = (stanza) => (stanza.getNS() === NS_CLIENT ? this.takerOf?.(stanza) : undefined);
    parser.on("dropped", (dropped: DroppedStanza) => this.onDropped?.(dropped));
    parser.on("end", () => this.#onStreamEnd());
    // The library answers a parser's error by itself, and clumsily; ours ends the connection first.
    parser.on("error", (error: Error) =>
      this.failWithStreamError(
        xml("not-well-formed", { xmlns: NS_STREAM_ERRORS }),
        new ConnectionError(`${this.#options.account}: ${error.message}`, { cause: error }),
      ),
    );
  }

  /** Time of the last bytes from the server, as `performance.now()` gives it: now, if nobody reads. */
  get lastHeard(): number {
    return this.#paused ? performance.now() : this.#lastHeard;
  }

  /** Size of the stanza that is being delivered, in bytes. */
  get stanzaSize(): number {
    return this.#parser?.stanzaSize ?? 0;
  }

  /** Reads nothing more from the network, which then holds the server back. */
  pause(): void {
    this.#paused = true;
    this.client.socket?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#lastHeard = performance.now();
    this.client.socket?.resume();
  }

  /** True once encryption is on. */
  get secure(): boolean {
    return this.client.socket instanceof TLSSocket;
  }

  /** True where the session must not be resumed after this connection. */
  get broken(): boolean {
    return this.#broken;
  }

  get failure(): LarderError | undefined {
    return this.#failure;
  }

  /** Called once, when the connection is over for any reason. */
  onFailed(handler: (error: LarderError) => void): void {
    if (this.#failure) handler(this.#failure);
    else this.#onFailure.push(handler);
  }

  /**
   * Tries the endpoints one after the other until one lets itself be reached.
   *
   * @throws {ConnectionError} none could be reached
   * @throws {TlsError} direct TLS failed at one, and no other could be reached
   */
  async connect(endpoints: readonly Endpoint[], signal?: AbortSignal): Promise<void> {
    const { encryption, timeouts } = this.#options;
    const failures: LarderError[] = [];
    for (const endpoint of endpoints) {
      this.#place = formatEndpoint(endpoint);
      try {
        const raw = await openSocket(endpoint, timeouts.connectMs, signal);
        const socket = endpoint.directTls
          ? await encrypt(raw, encryption, {
              place: this.#place,
              direct: true,
              timeoutMs: timeouts.connectMs,
              signal,
            })
          : raw;
        this.#attach(raw, socket);
        return;
      } catch (error) {
        const failure = libraryFailure(this.#options.account, error);
        failures.push(failure);
        const { account } = this.#options;
        this.#options.log.debug({ account, place: this.#place, error: failure.message }, "could not connect");
        if (signal?.aborted) break;
      }
    }
    throw (
      failures.find((failure) => failure instanceof TlsError) ??
      failures[0] ??
      new ConnectionError(`${this.#options.account}: there is no host to connect to`)
    );
  }

  #attach(raw: Socket, socket: Socket): void {
    this.#raw = raw;
    this.#decoder = new Utf8Stream();
    this.#lastHeard = performance.now();
    // The library asks a socket whether it is secure; Node's has no such property.
    Object.assign(socket, { secure: socket instanceof TLSSocket });
    socket.on("error", (error) => this.fail(socketFailure(error, this.#place)));
    socket.on("close", () =>
      this.fail(new ConnectionError(`${this.#options.account}: the connection to ${this.#place} was lost`)),
    );
    this.client._attachSocket(socket);
    this.client._status("connect");
  }

  /**
   * Negotiates STARTTLS (RFC 6120 §5.4) and begins a new stream on the encrypted connection.
   *
   * @throws {TlsError} refused, or the certificate does not prove the account's domain
   */
  async startTls(): Promise<void> {
    const { account, encryption, timeouts } = this.#options;
    const raw = this.#raw;
    if (!raw) throw new ConnectionError(`${account}: there is no connection`);
    await this.write(xml("starttls", { xmlns: NS_TLS }).toString());
    const answer = await this.expect(
      (element) => element.getNS() === NS_TLS,
      timeouts.streamMs,
      "the offer to encrypt",
    );
    if (!answer.is("proceed", NS_TLS)) {
      throw new TlsError(`${account}: the server offers encryption but refused to begin it`);
    }
    // Whatever came behind <proceed/> was not encrypted, so anybody may have written it.
    if (!this.inbox.empty) throw new TlsError(`${account}: there was data before the encryption began`);
    this.#encrypting = true;
    this.client._detachParser();
    this.client._detachSocket();
    raw.removeAllListeners("error");
    raw.removeAllListeners("close");
    const secured = await encrypt(raw, encryption, {
      place: this.#place,
      direct: false,
      timeoutMs: timeouts.connectMs,
      signal: this.#abort.signal,
    });
    this.#encrypting = false;
    this.#attach(raw, secured);
  }

  /** Opens a stream, as the first one or anew on the same connection (RFC 6120 §4.2, §4.3.3). */
  async open(): Promise<void> {
    try {
      await this.client.open({ domain: this.#options.domain, lang: "en" });
    } catch (error) {
      throw this.#failure ?? this.#openFailure(error);
    }
  }

  #openFailure(error: unknown): LarderError {
    if (error instanceof Error && error.name === "TimeoutError") {
      const ms = this.#options.timeouts.streamMs;
      return new ConnectionError(
        `${this.#options.account}: ${this.#place} did not open an XMPP stream within ${ms} ms; is it an XMPP port?`,
        { cause: error },
      );
    }
    return libraryFailure(this.#options.account, error);
  }

  /** Key material of this TLS connection (RFC 9266), or undefined where it has none to bind to. */
  exporter(): Buffer | undefined {
    const socket = this.client.socket;
    // Below TLS 1.3 the exporter is unique only with the extended master secret, which Node does not tell.
    if (!(socket instanceof TLSSocket) || socket.getProtocol() !== "TLSv1.3") return undefined;
    return socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
  }

  /** Lets the library act on these features alone. */
  handToLibrary(features: XmlElement): void {
    this.#inSasl2 = features.getChild("authentication", NS_SASL2) !== undefined;
    this.#passOn(features);
  }

  #receive(data: Buffer): void {
    this.#lastHeard = performance.now();
    try {
      this.client.parser?.write(this.#decoder.write(data));
    } catch (error) {
      // An exception in a socket's listener would end the whole program.
      this.fail(libraryFailure(this.#options.account, error));
    }
    if (this.#decoder.failed) this.#failUndecodable();
  }

  /** Bytes that are not UTF-8 end the stream (RFC 6120 §11.6, §4.9.3.22). */
  #failUndecodable(): void {
    this.failWithStreamError(
      xml("unsupported-encoding", { xmlns: NS_STREAM_ERRORS }),
      new ConnectionError(`${this.#options.account}: the server sent bytes that are not UTF-8`),
    );
  }

  #onElement(element: XmlElement): void {
    if (this.#failure) return;
    if (element.is("error", NS_STREAMS)) {
      this.#closing = true;
      this.#raw?.writable && this.client.socket?.write("</stream:stream>");
      this.fail(streamFailure(this.#options.account, element));
      return;
    }
    const namespace = element.getNS();
    if (namespace === NS_SASL || namespace === NS_SASL2) {
      if (!this.inspectSasl) return;
      try {
        this.inspectSasl(element);
      } catch (error) {
        this.fail(libraryFailure(this.#options.account, error));
        return;
      }
      if (element.is("success", NS_SASL2)) this.inbox.push(element);
      this.#passOn(element);
      return;
    }
    if (this.#encrypting) {
      this.fail(new TlsError(`${this.#options.account}: there was data before the encryption began`));
      return;
    }
    this.inbox.push(element);
  }

  /**
   * The next element that matches; what came before it stays in the inbox.
   *
   * @throws {LarderError} nothing of the kind within `timeoutMs`, or the connection ended
   */
  expect(matches: (element: XmlElement) => boolean, timeoutMs: number, what: string): Promise<XmlElement> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.inbox.expect(matches, timeoutMs, what);
  }

  /** Writes to the socket at once, in call order; resolves when the system has taken it. */
  write(text: string): Promise<void> {
    const { socket } = this.client;
    if (this.#failure || !socket || this.#closing) {
      return Promise.reject(
        this.#failure ?? new ConnectionError(`${this.#options.account}: there is no connection`),
      );
    }
    return new Promise((resolve, reject) => {
      socket.write(text, (error) => {
        if (error) reject(socketFailure(error, this.#place));
        else resolve();
      });
    });
  }

  #onStreamEnd(): void {
    if (this.#closing) {
      this.#raw?.end();
      this.fail(new ConnectionError(`${this.#options.account}: the stream is closed`));
      return;
    }
    this.#closing = true;
    this.client.socket?.write("</stream:stream>");
    this.fail(new ConnectionError(`${this.#options.account}: the server closed the stream`));
  }

  /**
   * Tells the server why the stream cannot go on (RFC 6120 §4.9), then ends the connection. Both sides no
   * longer agree about what was said, so going on from there would end the same way: see {@link broken}.
   */
  failWithStreamError(condition: XmlElement | XmlElement[], error: LarderError): void {
    if (this.#failure) return;
    this.#broken = true;
    const element = xml("stream:error", {}, condition);
    if (!this.#closing) this.client.socket?.write(`${element.toString()}</stream:stream>`);
    this.#closing = true;
    this.fail(error);
  }

  /** Closes the stream in good order (RFC 6120 §4.4), for at most `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#failure) return;
    const { socket } = this.client;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.onFailed(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#closing = true;
      if (socket?.writable) socket.write("</stream:stream>");
      else resolve();
    });
    this.fail(new ConnectionError(`${this.#options.account}: the stream is closed`));
  }

  /** Ends the connection without closing the stream, so that it can be resumed (XEP-0198 §7). */
  fail(error: LarderError): void {
    if (this.#failure) return;
    this.#failure = error;
    const { socket } = this.client;
    this.client._detachParser();
    this.client._detachSocket();
    for (const each of [socket, this.#raw]) {
      each?.on("error", () => {}); // what a dying socket still says is of no interest
    }
    // What was written last (a stream error, the end of the stream) still goes out; the rest is over.
    if (this.#closing && socket && !socket.destroyed) {
      socket.end();
      const timer = setTimeout(() => socket.destroy(), this.#options.timeouts.closeMs);
      timer.unref();
      socket.once("close", () => clearTimeout(timer));
      socket.resume();
    } else {
      socket?.destroy();
      this.#raw?.destroy();
    }
    this.#abort.abort();
    this.inbox.fail(error);
    for (const handler of this.#onFailure.splice(0)) handler(error);
    this.client.emit("error", error); // ends what the library still waits for
  }
}
