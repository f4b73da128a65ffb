import { randomBytes, randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import tls from "node:tls";
import { acknowledge, type ManagedSession } from "./managed-session.js";
import { type SaslServer, type SaslStep, saslServer } from "./sasl-server.js";
import type { ScriptedServer } from "./scripted-server.js";
import { type WireElement, XmlStream } from "./xml-stream.js";

const NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const NS_SASL2 = "urn:xmpp:sasl:2";
const NS_SM = "urn:xmpp:sm:3";
const NS_FAST = "urn:xmpp:fast:0";
const NS_BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const NS_BIND2 = "urn:xmpp:bind:0";
const PATIENCE_MS = 20_000; // far more than a loaded machine needs

const isStanza = ({ name }: WireElement) => name === "iq" || name === "message" || name === "presence";

interface Waiter {
  matches: (element: WireElement) => boolean;
  resolve: (element: WireElement) => void;
}

/** The server's end of one connection: plays the server until the client is online, then does as told. */
export class ScriptedPeer {
  /** All that the client sent, in clear text, also before and during its login. */
  readonly transcript: string[] = [];
  /** The client's `<authenticate/>` (SASL2) or `<auth/>`. */
  authentication: WireElement | undefined;
  /** The header of the client's last stream. */
  header: WireElement | undefined;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  /** Resolves when the client has ended its stream. */
  readonly streamEnded: Promise<void>;
  jid: string | undefined;
  session: ManagedSession | undefined;
  #endStream: () => void = () => {};
  #socket: Socket;
  #stream: XmlStream;
  #secure: boolean;
  #username: string | undefined;
  #sasl: { exchange: SaslServer; mechanism: string; sasl2: boolean } | undefined;
  readonly #inbox: WireElement[] = [];
  readonly #waiters: Waiter[] = [];

  constructor(
    readonly server: ScriptedServer,
    socket: Socket,
  ) {
    this.#socket = socket;
    this.#secure = socket instanceof tls.TLSSocket;
    this.#stream = this.#newStream();
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.streamEnded = new Promise((resolve) => {
      this.#endStream = resolve;
    });
    this.#listen(socket);
  }

  #listen(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on("error", () => {}); // clients may go as they like
    socket.on("data", (data) => {
      this.transcript.push(data.toString("utf8"));
      if (!this.server.options.mute) this.#stream.write(data);
    });
  }

  #newStream(): XmlStream {
    return new XmlStream({
      start: (header) => {
        this.header = header;
        this.#openStream();
      },
      element: (element) => this.#onElement(element),
      end: () => {
        if (this.session) this.session.alive = false;
        this.#endStream();
        this.#socket.end("</stream:stream>");
      },
    });
  }

  /** Writes as it is; nothing is counted. */
  write(data: string | Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(data);
  }

  /** Sends a stanza, counted where stream management is on. */
  send(stanza: string | { toString(): string }): void {
    const text = stanza.toString();
    this.session?.queue.push(text);
    this.write(text);
  }

  /** The next stanza from the client that matches; others stay. Fails after 20 s. */
  receive(matches: (element: WireElement) => boolean = () => true): Promise<WireElement> {
    return this.#next((element) => isStanza(element) && matches(element), "stanza");
  }

  /** The next element of stream management from the client. */
  receiveManagement(name: "r" | "a" | "enable" | "resume"): Promise<WireElement> {
    return this.#next((element) => element.is(name, NS_SM), `<${name}/>`);
  }

  #next(matches: (element: WireElement) => boolean, what: string): Promise<WireElement> {
    const index = this.#inbox.findIndex(matches);
    const [found] = index < 0 ? [] : this.#inbox.splice(index, 1);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the client sent no such ${what} within ${PATIENCE_MS} ms`)),
        PATIENCE_MS,
      );
      this.#waiters.push({
        matches,
        resolve: (element) => {
          clearTimeout(timer);
          resolve(element);
        },
      });
    });
  }

  /** Answers a request of the client. */
  answer(iq: WireElement, payload = "", attrs: { from?: string } = {}): void {
    const from = attrs.from ?? iq.attrs.to;
    const sender = from === undefined ? "" : ` from='${from}'`;
    this.send(`<iq type='result' id='${iq.attrs.id}' to='${this.jid}'${sender}>${payload}</iq>`);
  }

  /** Asks for the client's count and waits for it. */
  async clientCount(): Promise<number> {
    this.#drain("a");
    this.write(`<r xmlns='${NS_SM}'/>`);
    return Number((await this.receiveManagement("a")).attrs.h);
  }

  #drain(name: string): void {
    for (let index = this.#inbox.length - 1; index >= 0; index--) {
      if (this.#inbox[index]?.is(name, NS_SM)) this.#inbox.splice(index, 1);
    }
  }

  /** Destroys the connection without a word; the session stays resumable. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Ends the stream with an error (RFC 6120 §4.9.3). */
  streamError(condition: string, text?: string): void {
    const ns = "urn:ietf:params:xml:ns:xmpp-streams";
    const words = text === undefined ? "" : `<text xmlns='${ns}'>${text}</text>`;
    this.#socket.end(`<stream:error><${condition} xmlns='${ns}'/>${words}</stream:error></stream:stream>`);
  }

  #openStream(): void {
    const { domain } = this.server.options;
    this.write(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' ` +
        `from='${domain}' id='${randomUUID()}' version='1.0'>${this.#features()}`,
    );
  }

  #features(): string {
    const { options } = this.server;
    if (!this.#secure && options.tls === "starttls") {
      return "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
    }
    const sm = options.streamManagement === "none" ? "" : `<sm xmlns='${NS_SM}'/>`;
    if (this.#username !== undefined) {
      return `<stream:features><bind xmlns='${NS_BIND}'/>${sm}${options.features}</stream:features>`;
    }
    const list = (names: string[]) => names.map((name) => `<mechanism>${name}</mechanism>`).join("");
    const sasl =
      options.mechanisms.length === 0
        ? ""
        : `<mechanisms xmlns='${NS_SASL}'>${list(options.mechanisms)}</mechanisms>`;
    const types = options.channelBindings?.map((type) => `<channel-binding type='${type}'/>`).join("");
    const bindings =
      types === undefined
        ? ""
        : `<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>${types}</sasl-channel-binding>`;
    return `<stream:features>${sasl}${this.#sasl2Feature(list)}${bindings}</stream:features>`;
  }

  #sasl2Feature(list: (names: string[]) => string): string {
    const { sasl2 } = this.server.options;
    if (!sasl2) return "";
    const fast = sasl2.fast ? `<fast xmlns='${NS_FAST}'>${list(sasl2.fast)}</fast>` : "";
    const inline = sasl2.inlineManagement === false ? "" : `<inline><feature var='${NS_SM}'/></inline>`;
    const bind = sasl2.bind2 === false ? "" : `<bind xmlns='${NS_BIND2}'>${inline}</bind>`;
    const sm = sasl2.inlineManagement === false ? "" : `<sm xmlns='${NS_SM}'/>`;
    return `<authentication xmlns='${NS_SASL2}'>${list(sasl2.mechanisms)}<inline>${bind}${sm}${fast}</inline></authentication>`;
  }

  #onElement(element: WireElement): void {
    if (this.server.options.onElement?.(this, element)) return;
    const namespace = element.getNS();
    if (element.is("starttls")) this.#startTls();
    else if (namespace === NS_SASL || namespace === NS_SASL2) this.#authenticate(element);
    else if (namespace === NS_SM) this.#manage(element);
    else if (element.name === "iq" && element.getChild("bind", NS_BIND)) this.#bind(element);
    else this.#deliver(element);
  }

  #deliver(element: WireElement): void {
    if (isStanza(element) && this.session) this.session.handled++;
    const index = this.#waiters.findIndex((waiter) => waiter.matches(element));
    const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1);
    if (waiter) waiter.resolve(element);
    else this.#inbox.push(element);
  }

  #startTls(): void {
    const plain = this.#socket;
    plain.removeAllListeners("data");
    plain.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", () => {
      const secured = new tls.TLSSocket(plain, {
        isServer: true,
        secureContext: tls.createSecureContext(this.server.certificate),
      });
      this.#socket = secured;
      this.#secure = true;
      this.#stream = this.#newStream();
      this.#listen(secured);
    });
  }

  #exporter(): Buffer | undefined {
    return this.#socket instanceof tls.TLSSocket
      ? this.#socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0))
      : undefined;
  }

  #authenticate(element: WireElement): void {
    const { options, tokens } = this.server;
    if (element.name === "auth" || element.name === "authenticate") {
      this.authentication = element;
      const mechanism = element.attrs.mechanism ?? "";
      const exchange = saslServer(mechanism, {
        password: (name) => options.users[name],
        token: (name, used) => (tokens.get(name)?.mechanism === used ? tokens.get(name)?.token : undefined),
        iterations: options.iterations,
        exporter: () => this.#exporter(),
        impostor: options.impostor,
      });
      const sasl2 = element.name === "authenticate";
      if (!exchange) {
        this.#fail(sasl2, "invalid-mechanism");
        return;
      }
      this.#sasl = { exchange, mechanism, sasl2 };
      const first = sasl2 ? element.getChildText("initial-response") : element.getText();
      this.#step(exchange.next(Buffer.from(first ?? "", "base64")));
    } else if (element.name === "response" && this.#sasl) {
      this.#step(this.#sasl.exchange.next(Buffer.from(element.getText(), "base64")));
    }
  }

  #fail(sasl2: boolean, condition: string): void {
    this.write(`<failure xmlns='${sasl2 ? NS_SASL2 : NS_SASL}'><${condition} xmlns='${NS_SASL}'/></failure>`);
  }

  #step(step: SaslStep): void {
    const sasl2 = this.#sasl?.sasl2 ?? false;
    if ("failure" in step) {
      this.#fail(sasl2, step.failure);
    } else if ("challenge" in step) {
      this.write(
        `<challenge xmlns='${sasl2 ? NS_SASL2 : NS_SASL}'>${step.challenge.toString("base64")}</challenge>`,
      );
    } else {
      this.#username = step.username;
      const data = this.server.options.unsigned ? "" : (step.success?.toString("base64") ?? "");
      if (sasl2) {
        this.#succeed(data);
      } else {
        this.write(`<success xmlns='${NS_SASL}'>${data}</success>`);
        this.#stream = this.#newStream();
      }
    }
  }

  /** XEP-0388 §2.6 with what was asked for inline. */
  #succeed(data: string): void {
    const request = this.authentication;
    const bare = `${this.#username}@${this.server.options.domain}`;
    const additional = data === "" ? "" : `<additional-data>${data}</additional-data>`;
    const success = (jid: string, inline: string) =>
      `<success xmlns='${NS_SASL2}'>${additional}<authorization-identifier>${jid}</authorization-identifier>` +
      `${inline}${this.#token()}</success>`;
    const resume = request?.getChild("resume", NS_SM);
    const resumed = resume && this.#find(resume);
    if (resume && resumed) {
      this.#take(resumed, Number(resume.attrs.h), (answer) => success(resumed.jid, answer));
      return;
    }
    const failed = resume ? this.#resumptionFailed(resume) : "";
    const bind = request?.getChild("bind", NS_BIND2);
    if (!bind) {
      this.write(success(bare, failed) + this.#features());
      return;
    }
    this.jid = `${bare}/${bind.getChildText("tag") ?? "x"}.${randomBytes(3).toString("hex")}`;
    const enabled = bind.getChild("enable", NS_SM) ? this.#enabled() : "";
    this.write(
      success(this.jid, `${failed}<bound xmlns='${NS_BIND2}'>${enabled}</bound>`) + this.#features(),
    );
    this.server.announce(this);
  }

  #token(): string {
    const request = this.authentication?.getChild("request-token", NS_FAST);
    const used = this.authentication?.attrs.mechanism;
    const mechanism = request?.attrs.mechanism;
    if (mechanism === undefined || used === undefined) return "";
    const token = randomBytes(16).toString("hex");
    const expiry = new Date(Date.now() + 3_600_000).toISOString();
    this.server.tokens.set(this.#username ?? "", { mechanism, token });
    return `<token xmlns='${NS_FAST}' token='${token}' expiry='${expiry}'/>`;
  }

  #bind(iq: WireElement): void {
    const resource = iq.getChild("bind", NS_BIND)?.getChildText("resource") ?? randomBytes(4).toString("hex");
    this.jid = `${this.#username}@${this.server.options.domain}/${resource}`;
    this.write(
      `<iq type='result' id='${iq.attrs.id}'><bind xmlns='${NS_BIND}'><jid>${this.jid}</jid></bind></iq>`,
    );
    if (this.server.options.streamManagement === "none") this.server.announce(this);
  }

  #enabled(): string {
    const resume = this.server.options.streamManagement === "resume";
    this.session = {
      id: randomUUID(),
      jid: this.jid ?? "",
      handled: 0,
      acknowledged: 0,
      queue: [],
      alive: resume,
    };
    this.server.sessions.set(this.session.id, this.session);
    return `<enabled xmlns='${NS_SM}'${resume ? ` id='${this.session.id}' resume='true'` : ""}/>`;
  }

  #find(resume: WireElement): ManagedSession | undefined {
    const session = this.server.sessions.get(resume.attrs.previd ?? "");
    return session?.alive ? session : undefined;
  }

  #resumptionFailed(resume: WireElement): string {
    const former = this.server.sessions.get(resume.attrs.previd ?? "");
    const h = former && this.server.options.tellsFormerCount ? ` h='${former.handled}'` : "";
    return `<failed xmlns='${NS_SM}'${h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
  }

  #take(session: ManagedSession, h: number, wrap: (resumed: string) => string): void {
    this.session = session;
    this.jid = session.jid;
    acknowledge(session, h);
    this.write(wrap(`<resumed xmlns='${NS_SM}' h='${session.handled}' previd='${session.id}'/>`));
    for (const text of session.queue) this.write(text);
    this.server.announce(this);
  }

  #manage(element: WireElement): void {
    const { options } = this.server;
    if (element.name === "enable") {
      this.write(this.#enabled());
      this.server.announce(this);
    } else if (element.name === "resume") {
      const session = this.#find(element);
      if (session) this.#take(session, Number(element.attrs.h), (resumed) => resumed);
      else this.write(this.#resumptionFailed(element));
    } else if (element.name === "a" && this.session) {
      acknowledge(this.session, Number(element.attrs.h));
    } else if (element.name === "r" && options.acknowledges) {
      this.acknowledge();
    }
    this.#deliver(element);
  }

  /** Tells the client how many of its stanzas were handled, or another number. */
  acknowledge(h = this.session?.handled ?? 0): void {
    this.write(`<a xmlns='${NS_SM}' h='${h}'/>`);
  }
}
