export * from "./errors/errors.js";
export { StanzaError } from "./errors/stanza-error.js";
export {
  bareJid,
  formatJid,
  type JidParts,
  normaliseJid,
  parseJid,
  requireJid,
  resourceOf,
} from "./jid/jid.js";
export * from "./namespaces.js";
export type { StanzaHandler } from "./session/dispatcher.js";
export type { IqHandler } from "./session/iq-handlers.js";
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
export {
  detach,
  isElement,
  parseTrustedXml,
  parseUntrustedXml,
  type XmlChild,
  type XmlElement,
  xml,
} from "./xml/element.js";
