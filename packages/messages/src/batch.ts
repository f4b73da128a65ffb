import type { Store, UnitOfWork } from "@larder/storage";
import type { MessagingAccount } from "./account.js";
import type { PresentSince } from "./author.js";
import type { Companion } from "./companion.js";
import type { WordsDigest } from "./digest.js";
import type { Order } from "./places.js";

/** How messages come in together. */
export interface Batch {
  /** Absent for history that is filled in: it is told by progress alone. */
  readonly origin?: "live" | "catchup";
  /** Of history that is filled in, what was said since then is news all the same, and told as `catchup`. */
  readonly newsSince?: Date;
  /** A page of an archive, in its order. */
  readonly order?: Order;
}

/** What one batch is taken in with; all of it is one unit of work. */
export interface Work {
  readonly store: Store;
  readonly unit: UnitOfWork;
  readonly account: MessagingAccount;
  readonly batch: Batch;
  readonly digest: WordsDigest;
  readonly presentSince?: PresentSince;
  readonly also?: Companion;
  /** Messages that are new or have got another id: their rows and conversations. */
  readonly named: Map<number, string>;
  /** Rows of those that are new. */
  readonly fresh: Set<number>;
}

export type MessageUpdate = "correction" | "retraction" | "state" | "error";

/** As what a message that nobody had is told, if at all. */
export const originOf = ({ origin, newsSince }: Batch, { timestamp }: { timestamp: Date }): Batch["origin"] =>
  origin ?? (newsSince !== undefined && timestamp >= newsSince ? "catchup" : undefined);

/** Tells of a change of a message, in the commit of the change. */
export async function tell(
  { unit, account, batch }: Pick<Work, "unit" | "account" | "batch">,
  uid: string,
  update: MessageUpdate,
  error?: object,
): Promise<void> {
  if (batch.origin === undefined) return;
  await unit.log("message_update", account.id, {
    uid,
    update,
    origin: batch.origin,
    ...(error && { error }),
  });
}
