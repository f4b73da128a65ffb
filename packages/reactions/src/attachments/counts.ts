import { hasErrorType } from "@larder/core";
import { normalForm, receivedEmoji } from "../emoji.js";
import { attachmentNode, isOwnOfPublisher, NS_ATTACHMENTS_SUMMARY, summaryNode } from "./node-names.js";
import { payloadOf, readAttachments } from "./payload.js";

/** How often something is attached to an item. */
export interface AttachmentCounts {
  readonly noticed: AttachmentCount;
  /** In the order in which they were found. */
  readonly reactions: readonly (AttachmentCount & { readonly emoji: string })[];
}

export interface AttachmentCount {
  readonly count: number;
  /** Bare JIDs; absent where the service tells the number alone. */
  readonly senders?: readonly string[];
  /** Whether the account is among them; absent where nobody knows. */
  readonly mine?: boolean;
}

/** An item as it is read: the whole element as XML. */
export interface AttachmentItem {
  readonly id: string;
  readonly publisher?: string;
  readonly xml: string;
}

/** Where attachments are read from: a cache in front of the service, or the service itself. */
export interface AttachmentSource {
  /** Items of a node; all where no ids are given. */
  items(service: string, node: string, ids?: readonly string[]): Promise<readonly AttachmentItem[]>;
  /** Whether a service announces that it counts attachments (XEP-0470 §4.2). */
  counts(service: string): Promise<boolean>;
}

/** A node that is not there has nothing: neither it nor an empty one says more (§4.6). */
async function orNone<T>(found: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await found;
  } catch (error) {
    if (hasErrorType(error) && error.type === "not_found") return [];
    throw error;
  }
}

/** Counts what everybody has attached, each emoji of a person once (§4.8.2). */
export function countAttachments(items: readonly AttachmentItem[], account: string): AttachmentCounts {
  const noticed: string[] = [];
  const byForm = new Map<string, { emoji: string; senders: string[] }>();
  for (const item of items) {
    if (!isOwnOfPublisher(item)) continue; // somebody in another's name
    const attached = readAttachments(payloadOf(item));
    if (attached.noticed) noticed.push(item.id);
    for (const emoji of attached.reactions) {
      const group = byForm.get(normalForm(emoji)) ?? { emoji, senders: [] };
      group.senders.push(item.id);
      byForm.set(normalForm(emoji), group);
    }
  }
  const count = (senders: readonly string[]) => ({
    count: senders.length,
    senders,
    mine: senders.includes(account),
  });
  return {
    noticed: count(noticed),
    reactions: [...byForm.values()].map(({ emoji, senders }) => ({ emoji, ...count(senders) })),
  };
}

const numberOf = (text: string | undefined, otherwise: number): number =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;

/** The service's own count (§4.6, §4.7.3, §4.8.2). */
export function readSummary(item: AttachmentItem): AttachmentCounts {
  const summary = payloadOf(item);
  const children = summary?.is("summary", NS_ATTACHMENTS_SUMMARY) ? summary.getChildElements() : [];
  const named = (name: string) => children.find((child) => child.getName() === name);
  const counts = new Map<string, { emoji: string; count: number }>();
  for (const reaction of named("reactions")?.getChildElements() ?? []) {
    const emoji = receivedEmoji(reaction.text());
    if (emoji === undefined || reaction.getName() !== "reaction") continue;
    const known = counts.get(normalForm(emoji))?.count ?? 0;
    counts.set(normalForm(emoji), { emoji, count: known + numberOf(reaction.attrs.count, 1) });
  }
  return {
    noticed: { count: named("noticed") ? numberOf(named("noticed")?.attrs.count, 1) : 0 },
    reactions: [...counts.values()],
  };
}

/**
 * What is attached to items of one node, by their ids: from the service's summary where it keeps one, else counted from the
 * attachments themselves.
 *
 * @param account bare JID of whoever asks
 */
export async function attachmentCounts(
  source: AttachmentSource,
  account: string,
  { service, node }: { readonly service: string; readonly node: string },
  ids: readonly string[],
): Promise<Map<string, AttachmentCounts>> {
  if (ids.length === 0) return new Map();
  if (await source.counts(service)) {
    const summaries = await orNone(source.items(service, summaryNode(node), ids));
    const found = new Map(summaries.map((item) => [item.id, readSummary(item)]));
    return new Map(ids.map((id) => [id, found.get(id) ?? { noticed: { count: 0 }, reactions: [] }]));
  }
  const counted = await Promise.all(
    ids.map(async (id) => {
      const items = await orNone(source.items(service, attachmentNode({ service, node, id })));
      return [id, countAttachments(items, account)] as const;
    }),
  );
  return new Map(counted);
}
