import type { Envelope } from "@larder/core";
import type { MessagingAccount } from "./account.js";
import type { Batch } from "./batch.js";

/** What is told of a batch, and to whom it is news. */
export interface CompanionBatch extends Pick<Batch, "origin" | "newsSince"> {
  /** Where the archive puts each stanza in the order of history, in microseconds; absent for what is from no archive. */
  readonly positions: readonly (number | undefined)[];
}

/**
 * Takes what is no message but belongs into the order of history: reactions. All calls are made inside the unit of work that
 * keeps the batch.
 */
export interface Companion {
  /** Where those of these stanzas stand that are here already and were put there by an archive. */
  places(
    account: MessagingAccount,
    envelopes: readonly Envelope[],
  ): Promise<readonly ({ readonly timestamp: Date; readonly position: number } | undefined)[]>;
  /** Takes stanzas in their order, after the messages of their batch. @returns for each, whether it was something to keep */
  take(
    account: MessagingAccount,
    envelopes: readonly Envelope[],
    batch: CompanionBatch,
  ): Promise<readonly boolean[]>;
  /** An error came back. @returns whether it was for something of the companion's */
  refused(account: MessagingAccount, envelope: Envelope): Promise<boolean>;
  /**
   * Messages have become known, or by more ids than before.
   *
   * @param context.fresh rows of those that are new, of which their own event tells everything
   */
  named(
    account: MessagingAccount,
    messages: readonly { readonly id: number; readonly conversation: string }[],
    context: Pick<Batch, "origin"> & { readonly fresh: ReadonlySet<number> },
  ): Promise<void>;
}
