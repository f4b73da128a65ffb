export { Database, type DatabaseOptions, type ReadUnit, type UnitOfWork } from "./database.js";
export type { Engine, EngineTransaction } from "./engine.js";
export * from "./errors.js";
export type { EventFilter, EventRetention, LoggedEvent } from "./event-log.js";
export { holdDatabase } from "./hold.js";
export { fitsKey } from "./keys.js";
export * from "./maintenance/index.js";
export type { Migration, MigrationContext } from "./migrations/migration.js";
export {
  type MigratableEngine,
  type MigrateOptions,
  type MigrationProgress,
  type MigrationReport,
  type MigrationStatus,
  migrate,
  migrationStatus,
  type RollbackReport,
  rollback,
} from "./migrator.js";
export { type DatabaseAddress, databaseAddress, databaseLocation, openEngine } from "./open-engine.js";
export type { PortableReport } from "./portable/format.js";
export type { AccountRecord, AccountRepository, NewAccount } from "./repositories/accounts.js";
export type {
  ArchiveCursor,
  ArchiveGap,
  ArchivePoint,
  ArchiveRepository,
  PlacedPoint,
} from "./repositories/archives.js";
export type { CacheRemoval, PurgeFilter } from "./repositories/cache-removal.js";
export type {
  ConversationChange,
  ConversationRecord,
  ConversationRepository,
} from "./repositories/conversations.js";
export type { EventLogRepository } from "./repositories/events.js";
export type { ItemCare, ItemLimits } from "./repositories/item-care.js";
export type { ItemInput, ItemRecord, KnownItem } from "./repositories/item-record.js";
export type { FoundItem, ItemOrder, ItemSearch, ItemSearchRepository } from "./repositories/item-search.js";
export type { ItemRepository } from "./repositories/items.js";
export type { MessageAlias, MessageAliasRepository } from "./repositories/message-aliases.js";
export type {
  EarlyConfirmation,
  MessageConfirmationRepository,
  WaitingConfirmation,
} from "./repositories/message-confirmations.js";
export {
  type LocalisedText,
  type MessageCorrection,
  type MessageHead,
  type MessageRecord,
  type MessageState,
  type MessageVersion,
  type NewMessage,
  positionOf,
} from "./repositories/message-record.js";
export type { MessageRemovalRepository, RemovalKey } from "./repositories/message-removals.js";
export type {
  CopySought,
  HistoryQuery,
  MessagePlace,
  MessageRepository,
  NamedBy,
  NamedHead,
  SameWords,
  WireName,
} from "./repositories/messages.js";
export type {
  ListedNode,
  NodeChange,
  NodeFilter,
  NodeKey,
  NodeRecord,
  NodeState,
} from "./repositories/node-record.js";
export type { NodeRepository } from "./repositories/nodes.js";

export type { ParsableItem, ParsingRepository, Reparsed } from "./repositories/parsing.js";
export { ReactionLedger } from "./repositories/reaction-ledger.js";
export type { ReactionTargets } from "./repositories/reaction-targets.js";
export type { ReactionRepository, ReactionWatcher, StandingReactions } from "./repositories/reactions.js";
export type { RoomRecord, RoomRemoval, RoomRepository, RoomState } from "./repositories/rooms.js";
export type { RosterContact, RosterRepository } from "./repositories/roster.js";
export { REQUEST_MEMORY_MS, type SendRequestRepository } from "./repositories/send-requests.js";
export type { SharedNodeRepository } from "./repositories/shared-nodes.js";
export type { SubscriptionRecord, SubscriptionRepository } from "./repositories/subscriptions.js";
export { DEFAULT_WAITING_LIMITS, type WaitingLimits } from "./repositories/waiting-limits.js";
export * from "./schema/index.js";
export type { ParsedCondition } from "./search/conditions.js";
export { type FullTextQuery, parseFullTextQuery } from "./search/full-text-query.js";
export type { JsonPath } from "./search/json-path.js";
export { type PreparedItem, prepareItem, type StoredText } from "./search/prepare.js";
export { textOf } from "./search/stored-text.js";
export { foldCase, foldText, indexedText, wordsOf } from "./search/words.js";
export { holdFile } from "./sqlite/lock.js";
export { createStore, type Store, type StoreOptions } from "./store.js";
