import type { LarderError } from "../errors/errors.js";
import type { AnswerParts } from "../requester.js";
import type { XmlElement } from "../xml/element.js";

/** A token that stands for the password (XEP-0484); `expiry` is ISO 8601 as the server gave it. */
export interface FastToken {
  mechanism: string;
  token: string;
  expiry?: string;
}

/** What a session remembers from one run to the next. Tokens are secrets like the password. */
export interface SessionMemoryData {
  /** The strongest SASL mechanism seen so far: nothing weaker is accepted afterwards. */
  mechanism?: string;
  fastToken?: FastToken;
  /** A UUID v4 that stands for this installation (XEP-0388 §2.3); made by the session where absent. */
  userAgentId?: string;
}

/**
 * Where {@link SessionMemoryData} lives. `save` merges the fields it is given; a field that is present
 * and undefined is forgotten.
 */
export interface SessionMemory {
  load(): Promise<SessionMemoryData>;
  save(patch: Partial<SessionMemoryData>): Promise<void>;
}

/** A logger in pino's form. */
export interface SessionLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** All in milliseconds. */
export interface SessionTimeouts {
  /** Reaching one host: name resolution, TCP and TLS. Default 10_000. */
  connectMs: number;
  /** Each step until the session is online: a stream header, features, an answer to bind. Default 10_000. */
  streamMs: number;
  /** The whole SASL exchange; servers may slow down after wrong passwords. Default 30_000. */
  authenticationMs: number;
  /** Closing in good order before the socket is cut. Default 2_000. */
  closeMs: number;
  /** Default of {@link RequestOptions.timeoutMs}. Default 30_000. */
  requestMs: number;
  /** How long sent stanzas may wait before the server is asked to acknowledge them. Default 100. */
  ackRequestMs: number;
  /** Silence after which the server is asked for a sign of life. Default 60_000. */
  idleMs: number;
  /** Silence after such a question, after which the link counts as dead. Default 30_000. */
  deadMs: number;
  /** Time online after which the back-off begins anew. Default 60_000. */
  stableMs: number;
}

export interface SessionLimits {
  /** Largest stanza that is accepted, in bytes of XML. Default 10 MiB. */
  stanzaBytes: number;
  /** Deepest nesting inside a stanza. Default 200. */
  stanzaDepth: number;
  /** Elements of one stanza. Default 150_000: a service may list that many items of a node at once. */
  stanzaElements: number;
  /** Attributes of one stanza, declarations of namespaces included. Default 400_000. */
  stanzaAttributes: number;
  /** Attributes of one element, declarations of namespaces included. Default 256. */
  elementAttributes: number;
  /** Declarations of namespaces in one stanza. Default 20_000. */
  stanzaNamespaces: number;
  /** Characters of one unfinished text or tag after which the stream is ended. Default 64 Mi. */
  unfinishedChars: number;
  /** Stanzas whose handlers are at work or wait for their turn; above it reading stops. Default 500. */
  unfinishedStanzas: number;
  /** Bytes of such stanzas; above it reading stops. Default 8 MiB. */
  unfinishedBytes: number;
  /** Stanzas kept while a lost connection is being resumed, acknowledgements pending included. Default 10_000. */
  queuedStanzas: number;
}

export interface BackOffOptions {
  /** First wait, in milliseconds. Default 1_000; each further one is twice as long. */
  initialMs: number;
  /** Longest wait, in milliseconds. Default 300_000. */
  maxMs: number;
  /**
   * First wait after the server has ended a stream for what this client does (`policy-violation`), in milliseconds, each further
   * one twice as long, up to eight times as long. Default 240_000.
   */
  afterViolationMs: number;
  /** A number in [0, 1). Default Math.random: this is about spreading load, not about secrets. */
  random: () => number;
}

/** One SRV record (RFC 2782). */
export interface SrvRecord {
  name: string;
  port: number;
  priority: number;
  weight: number;
}

/** How names are looked up. */
export interface SessionResolver {
  /** Rejects as node:dns does (`code` is ENOTFOUND or ENODATA where there is no such record). */
  resolveSrv(name: string): Promise<SrvRecord[]>;
}

export interface SessionOptions {
  /** The account: a bare JID. */
  jid: string;
  /** Asked for at each login that needs it; never kept. */
  password: () => Promise<string>;
  /** The resource asked for; the server may give another (RFC 6120 §7.7). Default: the server's choice. */
  resource?: string;
  /**
   * Where to connect: `xmpp://host:port` (STARTTLS, default port 5222) or `xmpps://host:port` (direct TLS,
   * default port 5223). Default: SRV records (RFC 6120 §3.2, XEP-0368), else the domain at port 5222.
   */
  service?: string;
  /** Default "required": encryption comes before anything else, with a certificate for the account's domain. */
  tls?: "required" | "disabled";
  /** Certificates of authorities in PEM, trusted by this session beside the usual ones. */
  ca?: string;
  /** Lets `tls: "disabled"` reach a host that is not this one. */
  allowPlaintext?: boolean;
  memory?: SessionMemory;
  /** Default silent. */
  log?: SessionLog;
  timeouts?: Partial<SessionTimeouts>;
  limits?: Partial<SessionLimits>;
  backOff?: Partial<BackOffOptions>;
  /** Default node:dns. */
  resolver?: SessionResolver;
}

export type SessionState = "offline" | "connecting" | "online" | "failed";

/** A stanza that was not built because it is over a limit. */
export interface DroppedStanza {
  name: string;
  type?: string;
  from?: string;
  to?: string;
  id?: string;
  reason: "size" | "depth" | "elements" | "attributes" | "namespaces";
  /** Bytes seen when it ended. */
  bytes: number;
}

/** An IQ answer with the right id from the wrong entity. */
export interface ForgedAnswer {
  id: string;
  from?: string;
  expected: string;
}

/** What {@link Session.on} tells. */
export interface SessionEvents {
  state: { state: SessionState; error?: LarderError };
  /** After stream management is on; with `resumed` the server kept roster, presence and subscriptions. */
  online: { resumed: boolean };
  dropped: DroppedStanza;
  forged: ForgedAnswer;
}

export interface RequestOptions {
  timeoutMs?: number;
  /** Takes the answer part by part. */
  parts?: AnswerParts;
}

export interface StanzaHandlerOptions {
  /** Stanzas of one lane are handled one after the other. Default: the sender's bare JID. */
  lane?: (stanza: XmlElement) => string;
}

/** What the server announced for the session, as far as it matters to others. */
export interface ServerFeatures {
  /** Roster versioning (RFC 6121 §2.6). */
  rosterVersioning: boolean;
  /** Pre-approved subscriptions (RFC 6121 §3.4). */
  subscriptionPreApproval: boolean;
  /** Client state indication (XEP-0352). */
  clientState: boolean;
  /** Stream management with resumption (XEP-0198). */
  streamManagement: boolean;
  /** Largest stanza that the server accepts, in bytes (XEP-0478). */
  maxStanzaBytes?: number;
}

/** Counts since the session was made. */
export interface SessionStats {
  received: number;
  sent: number;
  dropped: number;
  forged: number;
  /** Stanzas that the server sent a second time and that were already handled. */
  duplicates: number;
  /** Times online: new sessions and resumed ones. */
  sessions: number;
  resumptions: number;
  /** Times that reading stopped because too much was unfinished. */
  pauses: number;
}

const silent = () => {};
export const silentLog: SessionLog = { debug: silent, info: silent, warn: silent, error: silent };

export const defaultTimeouts: SessionTimeouts = {
  connectMs: 10_000,
  streamMs: 10_000,
  authenticationMs: 30_000,
  closeMs: 2_000,
  requestMs: 30_000,
  ackRequestMs: 100,
  idleMs: 60_000,
  deadMs: 30_000,
  stableMs: 60_000,
};

export const defaultLimits: SessionLimits = {
  stanzaBytes: 10 * 1024 * 1024,
  stanzaDepth: 200,
  stanzaElements: 150_000,
  stanzaAttributes: 400_000,
  elementAttributes: 256,
  stanzaNamespaces: 20_000,
  unfinishedChars: 64 * 1024 * 1024,
  unfinishedStanzas: 500,
  unfinishedBytes: 8 * 1024 * 1024,
  queuedStanzas: 10_000,
};
