export type { CacheAccount, NodeAddress } from "./account.js";
export { type Analyser, type Analysis, type NodeFacts, parserName } from "./analysers/analyser.js";
export * from "./analysers/index.js";
export { AnalyserRegistry } from "./analysers/registry.js";
export { PubsubCache, type PubsubCacheEvents, type PubsubCacheOptions } from "./cache.js";
export type { SyncProgress } from "./context.js";
export type { Explanation } from "./explain.js";
export type { ItemParser } from "./ingest.js";
export { searchableText } from "./item-text.js";
export {
  type ParseOutcome,
  type ParserModule,
  ParserPool,
  type ParserPoolOptions,
  type ParserPoolStats,
} from "./parser-pool/index.js";
export type {
  Attachments,
  AttachmentsSummary,
  Avatar,
  BlogPost,
  Bookmark,
  CalendarEvent,
  DataForm,
  Nick,
  Parser,
  ParserContext,
  ParserItem,
  VCard,
} from "./parsers/index.js";
export * from "./plain-client/index.js";
export type { CacheEffort, CachePolicy, CacheTiming } from "./policy.js";
export type { ReadAnswer, ReadItem, ReadRequest } from "./reader.js";
export { type ReparseLog, Reparser, type ReparserOptions } from "./reparse.js";
