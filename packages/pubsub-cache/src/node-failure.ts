import { errorFieldOf, hasErrorType, StanzaError } from "@larder/core";
import type { NodeRecord } from "@larder/storage";
import type { CacheAccount, NodeAddress } from "./account.js";
import type { CacheContext } from "./context.js";
import { isDisconnection } from "./faults.js";
import { notesOf } from "./node-notes.js";
import { retryPause } from "./policy.js";
import { tell } from "./telling.js";

/** After how long a second `item-not-found` proves that a node is gone: one may be a passing fault. */
const GONE_AFTER_MS = 60_000;

/**
 * Notes that a node could not be read. What is there stays readable, and it is tried again after a pause, or with
 * the next session where there is none now; a node that is proven to be gone is dropped.
 */
export async function failNode(
  { store, timing, feeds, onProgress }: CacheContext,
  account: CacheAccount,
  address: NodeAddress,
  { id }: NodeRecord,
  error: unknown,
): Promise<void> {
  const node = await store.nodes.get(id);
  if (!node) return; // it was deleted, or taken out of the cache
  const readable = node.state === "synced" || node.state === "stale";
  const shared = node.accountId === undefined;
  const gone = isGone(node, error);
  if (gone || (shared && hasErrorType(error) && error.type === "forbidden")) {
    // What one account cannot read, others that share it may go on to: each finds out for itself.
    feeds.release(node, account);
    await store.database.write(async (unit) => {
      if (gone) {
        const told = { event: "delete", origin: "catchup" } as const;
        if (readable) await tell(unit, store, undefined, account.id, address, told);
        await store.events.scrubItems(unit, account.id, address);
        await store.subscriptions.remove(account.id, address.service, address.node);
      }
      if (shared) await store.sharedNodes.removeReader(node.id, account.id);
      else await store.nodes.remove(node.id);
    });
  } else if (keepsNoItems(error)) {
    feeds.release(node, account);
    await store.database.write(async () => {
      await store.items.clear(node.id);
      const metadata = { ...notesOf(node), persistence: "transient" };
      const ended = { resume: null, nextCheck: null, lastError: null, failures: 0, lastCheck: new Date() };
      await store.nodes.update(node.id, { ...ended, state: "ignored", metadata });
    });
  } else {
    const failures = node.failures + 1;
    const offline = isDisconnection(error) || !account.online();
    await store.nodes.update(node.id, {
      state: readable ? "stale" : "error",
      lastError: { ...errorFieldOf(error), since: since(node, error) },
      failures: offline ? node.failures : failures,
      nextCheck:
        offline && !account.online()
          ? null
          : new Date(Date.now() + pauseAfter(error, retryPause(timing, failures))),
    });
  }
  onProgress({ account: account.jid, ...address, received: 0, state: "error" });
}

/** Where a node seems to be gone, the second look must come late enough to prove it. */
const pauseAfter = (error: unknown, pause: number): number =>
  hasErrorType(error) && error.type === "not_found" ? Math.max(pause, GONE_AFTER_MS * 1.05) : pause;

/** Whether a failure means that there is no such node: at once where there never was one, else the second time. */
function isGone({ state, lastError }: NodeRecord, error: unknown): boolean {
  if (!hasErrorType(error) || error.type !== "not_found") return false;
  if (state === "new" || state === "syncing") return true;
  return (
    lastError?.type === "not_found" && Date.now() - Number(lastError.since ?? Date.now()) >= GONE_AFTER_MS
  );
}

/** The service says so where it is asked for items (XEP-0060 §6.5.9.6); it will say so the next time. */
const keepsNoItems = (error: unknown): boolean =>
  error instanceof StanzaError &&
  error.condition === "feature-not-implemented" &&
  error.details.applicationCondition === "unsupported";

/** When failing in this way began, in milliseconds. */
const since = ({ lastError }: NodeRecord, error: unknown): number =>
  hasErrorType(error) && lastError?.type === error.type ? Number(lastError.since ?? Date.now()) : Date.now();
