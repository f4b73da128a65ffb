import type { NodeRecord, Store, UnitOfWork } from "@larder/storage";
import type { NodeAddress } from "./account.js";

/** What an event tells beside its node; see CONTRACT `ps_event`. */
export interface Told {
  readonly event: "items" | "retract" | "purge" | "delete" | "configuration" | "subscription";
  readonly origin: "live" | "catchup";
  readonly [detail: string]: unknown;
}

/** Writes an event of a node into the log, once for each account that may read it, within the unit of its effects. */
export async function tell(
  unit: UnitOfWork,
  store: Store,
  node: Pick<NodeRecord, "id" | "accountId"> | undefined,
  accountId: number,
  { service, node: name }: NodeAddress,
  told: Told,
): Promise<void> {
  const shared = node && node.accountId === undefined;
  const readers = shared ? await store.sharedNodes.readers(node.id) : [accountId];
  for (const reader of readers) await unit.log("ps_event", reader, { service, node: name, ...told });
}
