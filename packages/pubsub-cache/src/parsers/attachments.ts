import type { XmlElement } from "@larder/core";
import { readDate } from "./atom/dates.js";
import { NS_ATTACHMENTS, NS_ATTACHMENTS_SUMMARY } from "./namespaces.js";
import { type ParserItem, PayloadError } from "./parser.js";

/** The `parsed` of attachments (CONTRACT, "Parsed data"): what one entity has attached to an item. */
export type Attachments = {
  /** Absent where it was not noticed. */
  readonly noticed?: true;
  /** When, where it says so; ISO 8601 UTC. */
  readonly noticedAt?: string;
  readonly reactions: readonly string[];
  readonly reactedAt?: string;
};

/** What a service has counted of all attachments to an item (XEP-0470 §4.4). */
export type AttachmentsSummary = {
  readonly noticedCount?: number;
  readonly reactions: readonly string[];
  /** How often each of `reactions` was given, in their order. */
  readonly reactionCounts: readonly number[];
};

const MAX_REACTIONS = 1000;

/** Examples of XEP-0470 leave the namespace out, so that the pubsub one is inherited, and clients follow them. */
const named = (parent: XmlElement | undefined, name: string): XmlElement[] =>
  parent?.getChildElements().filter((child) => child.getName() === name) ?? [];

const timeOf = (element: XmlElement | undefined): string | undefined =>
  readDate(element?.attrs.timestamp ?? "");

function reactionsOf(element: XmlElement | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const reaction of named(element, "reaction").slice(0, MAX_REACTIONS)) {
    const emoji = reaction.getText().trim();
    const count = Number(/^\d{1,9}$/.test(reaction.attrs.count ?? "") ? reaction.attrs.count : 1);
    if (emoji !== "" && !counts.has(emoji)) counts.set(emoji, count);
  }
  return counts;
}

/**
 * Reads attachments of one entity (XEP-0470 §4.1), or a service's summary of them (§4.4).
 *
 * @throws {PayloadError} it is something else
 */
export default function parseAttachments({ payload }: ParserItem): Attachments | AttachmentsSummary {
  const [noticed] = named(payload, "noticed");
  const [reactions] = named(payload, "reactions");
  const given = reactionsOf(reactions);
  if (payload.is("summary", NS_ATTACHMENTS_SUMMARY)) {
    const count = Number(noticed?.attrs.count ?? Number.NaN);
    return {
      ...(Number.isSafeInteger(count) && count >= 0 && { noticedCount: count }),
      reactions: [...given.keys()],
      reactionCounts: [...given.values()],
    };
  }
  const isAttachments = payload.getName() === "attachments" && payload.getNS() !== undefined;
  if (
    !isAttachments ||
    ![NS_ATTACHMENTS, "http://jabber.org/protocol/pubsub"].includes(payload.getNS() ?? "")
  )
    throw new PayloadError("payload", `{${payload.getNS() ?? ""}}${payload.getName()} are no attachments`);
  const noticedAt = timeOf(noticed);
  const reactedAt = timeOf(reactions);
  return {
    ...(noticed && { noticed: true }),
    ...(noticedAt && { noticedAt }),
    reactions: [...given.keys()],
    ...(reactedAt && { reactedAt }),
  };
}
