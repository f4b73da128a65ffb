import { createHash } from "node:crypto";
import type { NodeAddress } from "./account.js";

interface Seen {
  readonly created: Date;
  readonly updated: Date;
  readonly version: string;
}

/** Form of an item for comparisons. */
interface SeenItem {
  readonly id: string;
  readonly xml: string;
}

const MAX_SEEN = 20_000;

/** When items were seen first that are not stored yet, so that whoever gives them gives the same times; the latest 20,000. */
export class SeenItems {
  readonly #items = new Map<string, Seen>();

  /** When an item, and this version of it, was seen first; from now on it was. */
  note({ service, node }: NodeAddress, { id, xml }: SeenItem): Pick<Seen, "created" | "updated"> {
    const key = JSON.stringify([service, node, id]);
    const version = createHash("sha256").update(xml).digest("base64");
    const known = this.#items.get(key);
    if (known?.version === version) return known;
    const now = new Date();
    const seen = { created: known?.created ?? now, updated: now, version };
    this.#items.delete(key); // so that it is the youngest
    this.#items.set(key, seen);
    const [oldest] = this.#items.keys();
    if (this.#items.size > MAX_SEEN && oldest !== undefined) this.#items.delete(oldest);
    return seen;
  }

  /** Items with the times at which they were seen first, where that was before now. */
  timed<Item extends SeenItem & { readonly created?: Date; readonly updated?: Date }>(
    { service, node }: NodeAddress,
    items: readonly Item[],
  ): Item[] {
    return items.map((item) => {
      const seen = this.#items.get(JSON.stringify([service, node, item.id]));
      if (!seen) return item;
      const version = createHash("sha256").update(item.xml).digest("base64");
      const updated = item.updated ?? (seen.version === version ? seen.updated : undefined);
      return { ...item, created: item.created ?? seen.created, updated };
    });
  }

  clear(): void {
    this.#items.clear();
  }
}
