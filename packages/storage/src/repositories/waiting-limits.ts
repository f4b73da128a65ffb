/** Bounds of what waits for messages that are not here, and may never come: anybody may name any id. The latest stay. */
export interface WaitingLimits {
  /** Reactions of one sender in one conversation; all senders of a conversation together have 25 times as many. Default 200. */
  readonly reactions: number;
  /** Receipts and markers in one conversation. Default 500. */
  readonly confirmations: number;
  /** Names of messages that one sender has retracted in one conversation; a retraction leaves two. Default 2000. */
  readonly removals: number;
  /** Days that reactions, receipts and markers wait; retractions wait at least a year. Default 90. */
  readonly days: number;
}

export const DEFAULT_WAITING_LIMITS: WaitingLimits = {
  reactions: 200,
  confirmations: 500,
  removals: 2000,
  // As long as a first reading of an archive goes back by default.
  days: 90,
};
