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
