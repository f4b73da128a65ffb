import { saysTheSame } from "@larder/core";
import { type ItemRecord, type NodeRecord, textOf } from "@larder/storage";
import type { NodeAddress } from "./account.js";
import { parserOf } from "./analysers/analyser.js";
import type { CacheContext } from "./context.js";
import { parsedItems } from "./ingest.js";
import type { ReadItem } from "./reader.js";

/** Gives items that a service has answered the fields that the cache gives them: parsed data, and the times of the first sight. */
export class ServiceItems {
  readonly #context: CacheContext;

  constructor(context: CacheContext) {
    this.#context = context;
  }

  /** @param node what is kept of the node, if anything is */
  async complete(
    address: NodeAddress,
    node: NodeRecord | undefined,
    items: readonly ReadItem[],
    namespaces: readonly string[],
  ): Promise<ReadItem[]> {
    const { store, seen } = this.#context;
    const kept = new Map<string, ItemRecord>();
    if (node)
      for (const item of await store.items.byIds(node.id, [...new Set(items.map(({ id }) => id))]))
        kept.set(item.itemId, item);
    const timed = items.map((item): ReadItem => {
      const stored = kept.get(item.id);
      if (!stored) return { ...item, ...timesOf(seen.note(address, item)) };
      const updated = saysTheSame(stored, item) ? stored.updated : item.updated;
      return { ...item, publisher: item.publisher ?? stored.publisher, created: stored.created, updated };
    });
    return this.#parsed(address, node, timed, namespaces);
  }

  async #parsed(
    address: NodeAddress,
    node: NodeRecord | undefined,
    items: readonly ReadItem[],
    namespaces: readonly string[],
  ): Promise<ReadItem[]> {
    const { pool, analysers } = this.#context;
    const analysis = analysers.analyseItems(address, namespaces);
    const parser = parserOf(analysers.byName(node?.analyser ?? analysis?.analyser));
    if (!parser) return [...items];
    const subtype = node?.analyser === undefined ? analysis?.subtype : node.subtype;
    const outcomes = await parsedItems(pool, address, subtype, parser, items);
    return items.map((item, index) => {
      const { parsedJson, parseError } = outcomes[index] ?? {};
      const text = parsedJson === undefined ? undefined : textOf(parsedJson);
      return {
        ...item,
        parsedJson: text,
        get parsed() {
          return text === undefined ? undefined : (JSON.parse(text) as unknown);
        },
        parseError,
      };
    });
  }
}

const timesOf = ({ created, updated }: { readonly created: Date; readonly updated: Date }) => ({
  created,
  updated,
});
