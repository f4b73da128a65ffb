import { discoInfo } from "@larder/core";
import type { PubsubCache } from "@larder/pubsub-cache";
import {
  type AttachmentCounts,
  type AttachmentSource,
  attachmentCounts,
  NS_ATTACHMENTS,
} from "@larder/reactions";
import type { AccountRuntime } from "./runtime.js";

/** What a service announces is believed for so long. */
const BELIEVED_MS = 600_000;

interface Addressed {
  readonly service: string;
  readonly node: string;
  readonly id: string;
}

/** Counts what is attached to items, read through the cache: the first time from the service, which the cache then follows. */
export class AttachmentCounter {
  readonly #cache: PubsubCache;
  readonly #counting = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();

  constructor(cache: PubsubCache) {
    this.#cache = cache;
  }

  /** Items with what is attached to each. Offline only what is cached is known: the others come without. */
  async add<Item extends Addressed>(
    account: AccountRuntime,
    items: readonly Item[],
  ): Promise<(Item & { attachments?: CountsView })[]> {
    const nodes = new Map<string, Item[]>();
    for (const item of items) {
      const key = JSON.stringify([item.service, item.node]);
      nodes.set(key, [...(nodes.get(key) ?? []), item]);
    }
    const counts = new Map<Item, AttachmentCounts>();
    await Promise.all(
      [...nodes.values()].map(async (ofNode) => {
        const [first] = ofNode;
        if (!first) return;
        const ids = ofNode.map(({ id }) => id);
        const found = await attachmentCounts(this.#source(account), account.jid, first, ids).catch(
          () => undefined, // nobody may read them, or nobody is there to ask
        );
        for (const item of ofNode) {
          const counted = found?.get(item.id);
          if (counted) counts.set(item, counted);
        }
      }),
    );
    return items.map((item) => {
      const counted = counts.get(item);
      return counted ? { ...item, attachments: viewOf(counted) } : { ...item };
    });
  }

  #source(account: AccountRuntime): AttachmentSource {
    return {
      items: async (service, node, ids) => {
        const { items } = await this.#cache.getItems(account, { service, node, itemIds: ids });
        return items;
      },
      counts: (service) => this.#counts(account, service),
    };
  }

  #counts(account: AccountRuntime, service: string): Promise<boolean> {
    const known = this.#counting.get(service);
    if (known && Date.now() - known.at < BELIEVED_MS) return known.answer;
    if (!account.online()) return Promise.resolve(false);
    const answer = discoInfo(account.session, service).then(
      ({ features }) => features.has(NS_ATTACHMENTS),
      () => false,
    );
    this.#counting.set(service, { at: Date.now(), answer });
    return answer;
  }
}

type CountsView = {
  noticed: { count: number; senders?: string[]; mine?: boolean };
  reactions: { emoji: string; count: number; senders?: string[]; mine?: boolean }[];
};

const viewOf = ({ noticed, reactions }: AttachmentCounts): CountsView => {
  const copy = <Count extends { readonly senders?: readonly string[] }>(count: Count) => ({
    ...count,
    senders: count.senders && [...count.senders],
  });
  return { noticed: copy(noticed), reactions: reactions.map(copy) };
};
