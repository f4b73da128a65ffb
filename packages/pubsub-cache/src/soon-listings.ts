import type { NodeRecord } from "@larder/storage";
import type { CacheContext } from "./context.js";
import { nextListing } from "./silences.js";

const MAX_PLANNED = 10_000;

/**
 * Plans a comparison of ids soon after new items of a node whose service does not tell what had to make room for them;
 * one at most within the time between two regular comparisons.
 */
export class SoonListings {
  readonly #context: CacheContext;
  readonly #wake: () => void;
  /** By the node's row, the time until which none is planned again. */
  readonly #until = new Map<number, number>();

  constructor(context: CacheContext, wake: () => void) {
    this.#context = context;
    this.#wake = wake;
  }

  plan(node: NodeRecord): void {
    const { timing, store } = this.#context;
    const now = Date.now();
    const earliest = nextListing(node, timing, 0);
    if (earliest === undefined || (this.#until.get(node.id) ?? 0) > now) return;
    this.#until.delete(node.id); // so that it is the youngest
    this.#until.set(node.id, now + timing.listingMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_PLANNED && oldest !== undefined) this.#until.delete(oldest);
    const at = new Date(Math.max(now + timing.listingSoonMs, earliest));
    if (node.nextCheck && node.nextCheck <= at) return;
    store.nodes.update(node.id, { nextCheck: at }).then(this.#wake, () => {}); // the regular one comes later
  }
}
