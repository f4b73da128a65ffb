import type { Envelope } from "@larder/core";
import type { Store, UnitOfWork } from "@larder/storage";
import type { MessagingAccount } from "./account.js";
import type { PresentSince } from "./author.js";
import type { Order } from "./places.js";

/** How messages come in together. */
export interface Batch {
  /** Absent for history that is filled in: it is told by progress alone. */
  readonly origin?: "live" | "catchup";
  /** A page of an archive, in its order. */
  readonly order?: Order;
}

/** What one batch is taken in with; all of it is one unit of work. */
export interface Work {
  readonly store: Store;
  readonly unit: UnitOfWork;
  readonly account: MessagingAccount;
  readonly batch: Batch;
  readonly presentSince?: PresentSince;
  readonly also?: (account: MessagingAccount, envelope: Envelope) => Promise<boolean>;
}

export type MessageUpdate = "correction" | "retraction" | "state" | "error";

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
