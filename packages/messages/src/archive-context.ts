import type { EnvelopeOptions } from "@larder/core";
import type { Store } from "@larder/storage";
import type { ConnectedAccount } from "./account.js";
import type { MessageIntake } from "./intake.js";
import type { PageSize } from "./page-size.js";

/** What one reading of an archive goes by. */
export interface ArchiveContext {
  readonly store: Store;
  readonly intake: MessageIntake;
  readonly account: ConnectedAccount;
  readonly archive: string;
  readonly size: PageSize;
  readonly envelopes: EnvelopeOptions;
  /** Told of each message that the history cannot take. */
  readonly onDropped: (error: unknown) => void;
  /** Since when what was said is news. */
  readonly newsSince: Date | undefined;
  /** Where a first reading ends. */
  readonly limit: Date;
}
