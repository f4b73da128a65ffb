import { randomUUID } from "node:crypto";
import { AuthenticationError, ConnectionError, TlsError } from "../errors/errors.js";
import { StanzaError } from "../errors/stanza-error.js";
import {
  NS_BIND,
  NS_BIND2,
  NS_SASL,
  NS_SASL_CHANNEL_BINDING,
  NS_SASL2,
  NS_SM,
  NS_STREAMS,
  NS_TLS,
} from "../namespaces.js";
import { mechanismsByStrength } from "../sasl/mechanisms.js";
import { type XmlElement, xml } from "../xml/element.js";
import { libraryFailure } from "./failure.js";
import { type Login, offeredMechanisms } from "./login.js";
import type { SessionTimeouts } from "./options.js";
import { readCount } from "./stream-management/outbound-queue.js";
import type { XmppStream } from "./xmpp-stream.js";

export interface NegotiationOptions {
  account: string;
  resource: string | undefined;
  tls: "required" | "disabled";
  login: Login;
  timeouts: SessionTimeouts;
  /** The session to take up again, where there is one; `h` is asked for once, at the moment it is sent. */
  resume: { id: string; h: () => number } | undefined;
}

/** What `<enabled/>` granted (XEP-0198 §3). */
export interface StreamManagementGrant {
  /** Undefined where the session cannot be resumed. */
  id: string | undefined;
}

export type Negotiated =
  | { resumed: true; h: number }
  | {
      resumed: false;
      jid: string;
      management: StreamManagementGrant | undefined;
      /** How many of the former session's stanzas the server had handled (XEP-0198 §5), where it says. */
      formerH: number | undefined;
      /** The last stream features; undefined never happens with an honest server. */
      features: XmlElement;
      /** Stanzas that came before stream management began, so that it does not count them. */
      uncounted: XmlElement[];
    };

const isFeatures = (element: XmlElement) => element.is("features", NS_STREAMS);

/**
 * Takes a connection from the open socket to the point where stanzas may flow (RFC 6120 §4.3): stream,
 * encryption, login, resumption or resource binding, stream management.
 *
 * @throws {TlsError} no encryption offered though it is required, or the certificate is not acceptable
 * @throws {AuthenticationError} see {@link Login}
 * @throws {ConnectionError} the server broke off, was too slow, or refused to bind a resource
 */
export async function negotiate(stream: XmppStream, options: NegotiationOptions): Promise<Negotiated> {
  const negotiation = new Negotiation(stream, options);
  return negotiation.run();
}

class Negotiation {
  readonly #stream: XmppStream;
  readonly #options: NegotiationOptions;
  #inlineResume = false;

  constructor(stream: XmppStream, options: NegotiationOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  async run(): Promise<Negotiated> {
    const features = await this.#encrypted(await this.#open());
    const { sasl, sasl2 } = offeredMechanisms(features);
    if (sasl.length === 0 && sasl2.length === 0) {
      throw new AuthenticationError(`${this.#options.account}: the server offers no way of logging in`);
    }
    const known = (name: string) => mechanismsByStrength.some((ours) => ours === name);
    const preferred = sasl2.length > 0 && (sasl2.some(known) || !sasl.some(known));
    return preferred ? this.#sasl2(features) : this.#sasl(features);
  }

  async #open(): Promise<XmlElement> {
    await this.#stream.open();
    return this.#features("the stream header", this.#options.timeouts.streamMs);
  }

  #features(what: string, timeoutMs: number): Promise<XmlElement> {
    return this.#stream.expect(isFeatures, timeoutMs, what);
  }

  /** Nothing but STARTTLS happens before encryption, where it is required. */
  async #encrypted(features: XmlElement): Promise<XmlElement> {
    const { account, tls } = this.#options;
    if (this.#stream.secure || tls === "disabled") return features;
    if (!features.getChild("starttls", NS_TLS)) {
      throw new TlsError(
        `${account}: the server offers no encryption (STARTTLS), so nothing was sent; ` +
          "use direct TLS (xmpps://host:port) if it has it",
      );
    }
    await this.#stream.startTls();
    return this.#open();
  }

  async #prepareLogin(features: XmlElement): Promise<void> {
    const { login } = this.#options;
    const types = features
      .getChild("sasl-channel-binding", NS_SASL_CHANNEL_BINDING)
      ?.getChildren("channel-binding", NS_SASL_CHANNEL_BINDING)
      .flatMap((child) => child.attrs.type ?? []);
    await login.prepare(this.#stream.client, {
      bindingTypes: types,
      exporter: this.#stream.exporter(),
      secure: this.#stream.secure,
    });
    this.#stream.inspectSasl = (element) => login.inspect(element);
  }

  async #sasl(features: XmlElement): Promise<Negotiated> {
    await this.#prepareLogin(features);
    const offer = features.getChild("mechanisms", NS_SASL);
    // The library leads the exchange and opens the new stream after it, whose features come next.
    this.#stream.handToLibrary(xml("stream:features", { "xmlns:stream": NS_STREAMS }, offer));
    const next = await this.#features("the login", this.#options.timeouts.authenticationMs);
    this.#stream.inspectSasl = undefined;
    return this.#begin(next, undefined);
  }

  /** XEP-0388, with XEP-0198 and XEP-0386 inline where offered. */
  async #sasl2(features: XmlElement): Promise<Negotiated> {
    const { account, resume, timeouts } = this.#options;
    await this.#prepareLogin(features);
    const { client } = this.#stream;
    client.sasl2.use(
      NS_SM,
      (feature) => {
        if (!resume || !feature.is("sm", NS_SM)) return undefined;
        this.#inlineResume = true;
        return resumeElement(resume);
      },
      () => {}, // the answer is read below, before the library's own steps
    );
    client.bind2.use(
      NS_SM,
      () => enableElement(),
      () => {},
    );
    const offer = features.getChild("authentication", NS_SASL2);
    this.#stream.handToLibrary(xml("stream:features", { "xmlns:stream": NS_STREAMS }, offer));
    const success = await this.#stream.expect(
      (element) => element.is("success", NS_SASL2),
      timeouts.authenticationMs,
      "the login",
    );
    const resumed = success.getChild("resumed", NS_SM);
    if (resumed) return { resumed: true, h: this.#count(resumed) };
    const failed = success.getChild("failed", NS_SM);
    const formerH = failed && readCount(failed.attrs.h);
    const bound = success.getChild("bound", NS_BIND2);
    const next = await this.#features("the login", timeouts.streamMs);
    this.#stream.inspectSasl = undefined;
    if (!bound) return this.#begin(next, formerH);
    const jid = success.getChildText("authorization-identifier", NS_SASL2);
    if (!jid) throw new ConnectionError(`${account}: the server bound a resource without saying which`);
    const enabled = bound.getChild("enabled", NS_SM);
    if (enabled)
      return { resumed: false, jid, management: grant(enabled), formerH, features: next, uncounted: [] };
    return this.#manage(next, jid, formerH);
  }

  /** What follows a login: an old session taken up again, or a new one bound. */
  async #begin(features: XmlElement, formerH: number | undefined): Promise<Negotiated> {
    const { resume, timeouts } = this.#options;
    let known = formerH;
    if (resume && !this.#inlineResume && features.getChild("sm", NS_SM)) {
      await this.#stream.write(resumeElement(resume).toString());
      const answer = await this.#stream.expect(
        (element) => element.is("resumed", NS_SM) || element.is("failed", NS_SM),
        timeouts.streamMs,
        "the request to resume the session",
      );
      if (answer.name === "resumed") return { resumed: true, h: this.#count(answer) };
      known = readCount(answer.attrs.h);
    }
    return this.#manage(features, await this.#bind(), known);
  }

  #count(answer: XmlElement): number {
    const h = readCount(answer.attrs.h);
    if (h === undefined) {
      throw new ConnectionError(`${this.#options.account}: the server resumed the session without a count`);
    }
    return h;
  }

  /** RFC 6120 §7.6 and §7.7. */
  async #bind(): Promise<string> {
    const { account, resource, timeouts } = this.#options;
    const id = randomUUID();
    const request = xml(
      "iq",
      { type: "set", id },
      xml("bind", { xmlns: NS_BIND }, resource !== undefined && xml("resource", {}, resource)),
    );
    await this.#stream.write(request.toString());
    const answer = await this.#stream.expect(
      (element) => element.name === "iq" && element.attrs.id === id,
      timeouts.streamMs,
      "the request for a resource",
    );
    if (answer.attrs.type === "error") throw libraryFailure(account, StanzaError.fromStanza(answer));
    const jid = answer.getChild("bind", NS_BIND)?.getChildText("jid", NS_BIND);
    if (!jid) throw new ConnectionError(`${account}: the server bound a resource without saying which`);
    return jid;
  }

  /**
   * Turns stream management on where it is offered (XEP-0198 §3). Both counters begin exactly here: ours for
   * what we send with `<enable/>`, before which nobody can send anything, and that of what arrives with
   * `<enabled/>`; what came earlier, even in the same piece, is `uncounted`.
   *
   * The library gets both wrong, which made Prosody end streams with "Client acknowledged more stanzas than
   * sent by server" when an IQ followed a login at once: it announces `online` before `<enable/>`, so such an
   * IQ goes out and is answered uncounted; it then sets its inbound counter to zero in a promise's
   * continuation after `<enabled/>`, while an answer, `<enabled/>`, another answer and `<r/>` that arrive
   * together are all read before that continuation runs, so the `<r/>` is answered with the early answer
   * counted in (h=2 where Prosody had counted 1), and the next one with 0. Besides, answers that its IQ
   * caller takes never reach its counter, and a stanza enters its queue only after the socket's callback.
   */
  async #manage(features: XmlElement, jid: string, formerH: number | undefined): Promise<Negotiated> {
    const none = { resumed: false, jid, management: undefined, formerH, features, uncounted: [] } as const;
    if (!features.getChild("sm", NS_SM)) return { ...none, uncounted: [] };
    await this.#stream.write(enableElement().toString());
    const answer = await this.#stream.expect(
      (element) => element.is("enabled", NS_SM) || element.is("failed", NS_SM),
      this.#options.timeouts.streamMs,
      "the request for stream management",
    );
    if (answer.name === "failed") return { ...none, uncounted: [] };
    return { ...none, management: grant(answer), uncounted: this.#stream.inbox.takeEarlier() };
  }
}

function enableElement(): XmlElement {
  return xml("enable", { xmlns: NS_SM, resume: "true" });
}

function resumeElement({ id, h }: { id: string; h: () => number }): XmlElement {
  return xml("resume", { xmlns: NS_SM, h: h(), previd: id });
}

function grant(enabled: XmlElement): StreamManagementGrant {
  const resumable = enabled.attrs.resume === "true" || enabled.attrs.resume === "1";
  return { id: resumable ? enabled.attrs.id : undefined };
}
