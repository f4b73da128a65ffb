import type { Requester } from "@larder/core";

/** An account as the cache sees it: who asks, and whether it can. */
export interface CacheAccount {
  /** Row id of the account. */
  readonly id: number;
  /** Bare JID. */
  readonly jid: string;
  readonly requester: Requester;
  readonly online: () => boolean;
}

/** One node as one account sees it. */
export interface NodeAddress {
  readonly service: string;
  readonly node: string;
}

/** Key of the lane in which everything about one node happens, also where several accounts see it. */
export const laneOf = ({ service, node }: NodeAddress): string => JSON.stringify([service, node]);
