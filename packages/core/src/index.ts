export { readAddress, readWebAddress } from "./address.js";
export {
  type ArchivePage,
  type ArchiveQuery,
  type ArchiveRequester,
  type ArchiveResult,
  queryArchive,
} from "./archive/query-archive.js";
export { fetchBlockList, isBlocked, readBlocked } from "./blocking.js";
export * from "./bridge/index.js";
export { capsElement, capsVersion, discoInfoAnswer, type OwnInfo } from "./caps.js";
export { CapsRegistry } from "./caps-registry.js";
export { verifyCaps } from "./caps-verification.js";
export { type FormFields, readForm, submitForm } from "./data-form.js";
export {
  type DiscoInfo,
  type DiscoItem,
  discoInfo,
  discoItems,
  queryDiscoInfo,
  readDiscoInfo,
} from "./disco.js";
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
export { Lanes } from "./lanes.js";
export { type Attachment, readAttachments } from "./messaging/attachments.js";
export {
  type Confirmation,
  displayedStanza,
  isMarkable,
  readConfirmation,
  receiptStanza,
  wantsReceipt,
} from "./messaging/confirmations.js";
export { type DisplayedMark, publishDisplayedMark, readDisplayedMark } from "./messaging/displayed-sync.js";
export {
  type Envelope,
  type EnvelopeOptions,
  type OwnOccupant,
  openArchived,
  openEnvelope,
} from "./messaging/envelope.js";
export { fallbackRemover } from "./messaging/fallback.js";
export { isNotToBeStored } from "./messaging/hints.js";
export { type Invitation, readInvitation } from "./messaging/invitation.js";
export {
  moderationRequest,
  type Retraction,
  readRetraction,
  readTombstone,
  retractionStanza,
  type Tombstone,
} from "./messaging/retraction.js";
export { readTexts, type TextInLanguage } from "./messaging/texts.js";
export { type Bookmark, type BookmarkChange, changeBookmark, readBookmark } from "./muc/bookmarks.js";
export {
  cancelRoom,
  joinPresence,
  leavePresence,
  type MucHistory,
  type MucPresence,
  mucStatus,
  nickPresence,
  readMucPresence,
  tellsOfConfiguration,
} from "./muc/presence.js";
export { type SelfPingOutcome, selfPing } from "./muc/self-ping.js";
export * from "./namespaces.js";
export { type PubsubEvent, readPubsubEvents } from "./pubsub/event.js";
export {
  fetchItemIds,
  fetchItemIdsInOrder,
  getItems,
  getItemsById,
  type ItemsAnswer,
  type ItemsRequest,
  requestItems,
} from "./pubsub/get-items.js";
export { readItem, type WireItem } from "./pubsub/item.js";
export { fetchNodeMetadata, type NodeMetadata } from "./pubsub/node-metadata.js";
export { configureNode, createNode, deleteNode, fetchNodeConfig, purgeNode } from "./pubsub/nodes.js";
export { publishItem, retractItem } from "./pubsub/publish.js";
export { canonicalItem, saysTheSame } from "./pubsub/same-item.js";
export {
  fetchSubscriptions,
  type Subscription,
  type SubscriptionState,
  subscribe,
  unsubscribe,
} from "./pubsub/subscribe.js";
export type {
  OwnReactionState,
  ReactedMessage,
  ReactionChange,
  ReactionEvent,
  ReactionFilter,
  ReactionHolder,
  ReactionSender,
  ReactionStore,
  ReactionTarget,
  ReactionTargetName,
  WaitingReaction,
} from "./reactions/ledger.js";
export type { AnswerParts, Requester, RequesterOptions } from "./requester.js";
export { fetchRoster, type RosterEntry, readRoster } from "./roster.js";
export { type RsmAnswer, type RsmRequest, readRsm, rsmElement } from "./rsm.js";
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
export { requireLoopback } from "./session/transport/plaintext.js";
export {
  detach,
  isElement,
  parseTrustedXml,
  parseUntrustedXml,
  type XmlChild,
  type XmlElement,
  xml,
} from "./xml/element.js";
