export * from "./errors/errors.js";
export { StanzaError } from "./errors/stanza-error.js";
export {
  bareJid,
  formatJid,
  normaliseJid,
  parseJid,
  requireJid,
  resourceOf,
  type JidParts,
} from "./jid/jid.js";
export * from "./namespaces.js";
export {
  detach,
  isElement,
  parseTrustedXml,
  parseUntrustedXml,
  xml,
  type XmlChild,
  type XmlElement,
} from "./xml/element.js";
export type { IqHandler } from "./session/iq-handlers.js";
export type { StanzaHandler } from "./session/dispatcher.js";
export type {
  BackOffOptions,
  DroppedStanza,
  FastToken,
  ForgedAnswer,
  RequestOptions,
  ServerFeatures,
  SessionEvents,
  SessionLimits,
  SessionLog,
  SessionMemory,
  SessionMemoryData,
  SessionOptions,
  SessionResolver,
  SessionState,
  SessionStats,
  SessionTimeouts,
  SrvRecord,
  StanzaHandlerOptions,
} from "./session/options.js";
export { Session } from "./session/session.js";
