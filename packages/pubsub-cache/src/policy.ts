/** What of a node is kept at most; what is absent is not limited. What is left out is asked of the service. */
export interface CachePolicy {
  /** The newest so many items of a node. */
  readonly maxItems?: number;
  /** The newest items of a node that have so many characters of XML together. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Items that were published, or first seen, within so many milliseconds. */
  readonly maxAgeMs?: number;
}

/** When the cache does something by itself; all in milliseconds. */
export interface CacheTiming {
  /** How long a node that nobody may subscribe to is answered from the cache. Default 300_000. */
  readonly unsubscribedMaxAgeMs: number;
  /** How often such a node is checked without anybody reading it. Default 3_600_000. */
  readonly unsubscribedCheckMs: number;
  /** After what time a node is read again in full where nothing else would show an item overwritten meanwhile. Default a day. */
  readonly fullCheckMs: number;
  /**
   * How often the ids of a node are compared whose service does not tell of every change, if it is read; up to an hour
   * apart if nobody reads it and nothing was found. Default 600_000.
   */
  readonly listingMs: number;
  /** Time after new items of such a node until its ids are compared once more, to find items that were dropped, in milliseconds. Default 10_000. */
  readonly listingSoonMs: number;
  /** The first pause after a failure; it doubles with each further one. Default 30_000. */
  readonly retryMs: number;
  /** The longest pause. Default an hour. */
  readonly maxRetryMs: number;
}

/** How much is done at a time. */
export interface CacheEffort {
  /** Requests that may be under way to the services of one host. Default 4. */
  readonly requestsPerHost: number;
  /**
   * Nodes of at most this many characters are read whole after an absence where overwritten items keep their places, so
   * that only reading them shows a change. Default 1_000_000.
   */
  readonly readWholeBytes: number;
  /** The same for larger nodes: characters a day of the services of one host. Default 50_000_000. */
  readonly overwriteBytesPerDay: number;
  /** Nodes of one account that are synchronised or checked side by side. Default 3. */
  readonly jobsPerAccount: number;
}

export const defaultPolicy: CachePolicy = { maxBytes: 1024 ** 3 };

export const defaultTiming: CacheTiming = {
  unsubscribedMaxAgeMs: 300_000,
  unsubscribedCheckMs: 3_600_000,
  fullCheckMs: 86_400_000,
  listingMs: 600_000,
  listingSoonMs: 10_000,
  retryMs: 30_000,
  maxRetryMs: 3_600_000,
};

export const defaultEffort: CacheEffort = {
  requestsPerHost: 4,
  jobsPerAccount: 3,
  readWholeBytes: 1_000_000,
  overwriteBytesPerDay: 50_000_000,
};

/** The pause after so many failures in a row, with a fifth of chance in it so that nodes do not come in step. */
export function retryPause({ retryMs, maxRetryMs }: CacheTiming, failures: number): number {
  const pause = Math.min(maxRetryMs, retryMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return pause * (0.9 + Math.random() * 0.2);
}
