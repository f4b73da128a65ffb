export { BridgeClient, DaemonUnreachableError, type ReceivedSignal } from "./bridge/client.js";
export {
  BRIDGE_API,
  type BridgeInput,
  type BridgeMethod,
  type BridgeParams,
  type BridgeResult,
  bridgeMethods,
} from "./bridge/contract.js";
export {
  BridgeError,
  type BridgeErrorBody,
  errorFieldOf,
  hasErrorType,
  paramsErrorOf,
  rpcCodes,
  toBridgeError,
} from "./bridge/errors.js";
export { LineReader, MAX_LINE_BYTES } from "./bridge/lines.js";
export type { MethodDefinition } from "./bridge/method.js";
export { type InstancePaths, instancePaths } from "./bridge/paths.js";
export {
  type BridgeSignal,
  bridgeSignals,
  isBridgeSignal,
  type SignalParams,
  transientSignals,
} from "./bridge/signals.js";
export { type FormFields, readForm, submitForm } from "./data-form.js";
export { type DiscoInfo, discoInfo, discoItems } from "./disco.js";
export * from "./errors/errors.js";
export { StanzaError } from "./errors/stanza-error.js";
export { type HookHandler, HookPoint } from "./hook.js";
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
export { type PubsubEvent, readPubsubEvents } from "./pubsub/event.js";
export { getItems, type ItemsAnswer, type ItemsRequest } from "./pubsub/get-items.js";
export { readItem, type WireItem } from "./pubsub/item.js";
export { createNode } from "./pubsub/nodes.js";
export { publishItem, retractItem } from "./pubsub/publish.js";
export { type Subscription, type SubscriptionState, subscribe } from "./pubsub/subscribe.js";
export type { Requester } from "./requester.js";
export { fetchRoster, type RosterEntry, readRoster } from "./roster.js";
export { type RsmAnswer, type RsmRequest, readRsm, rsmElement } from "./rsm.js";
export {
  detach,
  isElement,
  parseTrustedXml,
  parseUntrustedXml,
  type XmlChild,
  type XmlElement,
  xml,
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
