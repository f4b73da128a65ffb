export type { CacheAccount, NodeAddress } from "./account.js";
export type { Analyser, Analysis, NodeFacts, ParserReference } from "./analysers/analyser.js";
export { microblogAnalyser } from "./analysers/microblog.js";
export { AnalyserRegistry } from "./analysers/registry.js";
export { PubsubCache, type PubsubCacheEvents, type PubsubCacheOptions } from "./cache.js";
export type { SyncProgress } from "./context.js";
export type { Explanation } from "./explain.js";
export type { ItemParser } from "./ingest.js";
export { searchableText } from "./item-text.js";
export {
  type ParseOutcome,
  ParserPool,
  type ParserPoolOptions,
  type ParserPoolStats,
} from "./parser-pool/index.js";
export type { Parser, ParserContext, ParserItem } from "./parsers/index.js";
export type { CacheEffort, CachePolicy, CacheTiming } from "./policy.js";
export type { ReadAnswer, ReadItem, ReadRequest } from "./reader.js";
