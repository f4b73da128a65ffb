import type { Lanes } from "@larder/core";
import type { Store } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { AnalyserRegistry } from "./analysers/registry.js";
import type { ArrivingEvents } from "./arriving-events.js";
import type { FollowedNodes } from "./followed-nodes.js";
import type { ItemParser } from "./ingest.js";
import type { OwnNews } from "./own-news.js";
import type { CachePolicy, CacheTiming } from "./policy.js";
import type { RunRegistry } from "./run-changes.js";
import type { SeenItems } from "./seen-items.js";
import type { ServiceTraffic } from "./service-traffic.js";
import type { SessionGaps } from "./session-gaps.js";
import type { SharedFeeds } from "./shared-feeds.js";
import type { Subscriber } from "./subscriber.js";

/** How far a synchronisation has come. */
export interface SyncProgress extends NodeAddress {
  readonly account: string;
  readonly received: number;
  /** What the service says the node holds, where it says so. */
  readonly total?: number;
  readonly state: "syncing" | "synced" | "error";
}

/** What the parts of the cache work with. */
export interface CacheContext {
  readonly store: Store;
  readonly pool: ItemParser;
  readonly analysers: AnalyserRegistry;
  readonly lanes: Lanes;
  readonly traffic: ServiceTraffic;
  readonly subscriber: Subscriber;
  readonly feeds: SharedFeeds;
  readonly policy: CachePolicy;
  readonly timing: CacheTiming;
  /** What events have changed while nodes are being read. */
  readonly runs: RunRegistry;
  readonly followed: FollowedNodes;
  readonly gaps: SessionGaps;
  readonly arriving: ArrivingEvents;
  readonly seen: SeenItems;
  /** Changes of ours that were told before their notifications. */
  readonly news: OwnNews;
  /** Names the session of an account: reading that goes on in another one may have missed something. */
  readonly sessionOf: (account: CacheAccount) => string;
  readonly onProgress: (progress: SyncProgress) => void;
  /** Items whose ids are too long to be kept were left out. */
  readonly onDropped: (account: CacheAccount, address: NodeAddress, count: number) => void;
}
