import { parseTrustedXml, type XmlElement, xml } from "@larder/core";
import { receivedEmoji, withoutRepeats } from "../emoji.js";
import { NS_ATTACHMENTS } from "./node-names.js";

/** What one entity has attached to an item, as far as we know it (XEP-0470 §4.7, §4.8). */
export interface Attachments {
  readonly noticed: boolean;
  readonly reactions: readonly string[];
}

/** Elements of `<reactions/>` that are read. */
const MAX_REACTION_ELEMENTS = 1000;

export const NOTHING_ATTACHED: Attachments = { noticed: false, reactions: [] };

/** The payload of a whole item, which a reader has checked already. */
export const payloadOf = ({ xml: text }: { readonly xml: string }): XmlElement | undefined =>
  parseTrustedXml(text).getChildElements()[0];

/** The examples of XEP-0470 leave the namespace out, so that the surrounding one is inherited, and clients follow them. */
const known = (payload: XmlElement | undefined, name: "noticed" | "reactions"): XmlElement | undefined =>
  payload?.getChildElements().find((child) => child.getName() === name && child.getNS() === payload.getNS());

const isAttachments = (payload: XmlElement | undefined): payload is XmlElement =>
  payload?.getName() === "attachments";

/** Reads attachments. What is no emoji, or repeats one, does not count (§4.8.1, §4.8.2). */
export function readAttachments(payload: XmlElement | undefined): Attachments {
  if (!isAttachments(payload)) return NOTHING_ATTACHED;
  const elements = (known(payload, "reactions")?.getChildElements() ?? []).slice(0, MAX_REACTION_ELEMENTS);
  const emojis = elements.flatMap((child) =>
    child.getName() === "reaction" ? (receivedEmoji(child.text()) ?? []) : [],
  );
  return { noticed: known(payload, "noticed") !== undefined, reactions: withoutRepeats(emojis) };
}

/** Attachments of kinds that we do not know: they stay where they are (§4.1.1). */
export function unknownAttachments(payload: XmlElement | undefined): XmlElement[] {
  if (!isAttachments(payload)) return [];
  const ours = [known(payload, "noticed"), known(payload, "reactions")];
  return payload.getChildElements().filter((child) => !ours.includes(child));
}

/**
 * The payload that says something else than another, with all that we do not know of that one kept. What has not changed keeps
 * the time that it had.
 *
 * @returns undefined where nothing is left to be said
 */
export function writeAttachments(
  before: XmlElement | undefined,
  { noticed, reactions }: Attachments,
  now: Date,
): XmlElement | undefined {
  const unknown = unknownAttachments(before);
  if (!noticed && reactions.length === 0 && unknown.length === 0) return undefined;
  const earlier = readAttachments(before);
  const timestamp = now.toISOString().replace(/\.\d+Z$/, "Z"); // XEP-0082, as the examples have it
  const timeOf = (name: "noticed" | "reactions", same: boolean) =>
    same && isAttachments(before) ? known(before, name)?.attrs.timestamp : timestamp;
  const sameReactions =
    earlier.reactions.length === reactions.length &&
    earlier.reactions.every((emoji, at) => emoji === reactions[at]);
  return xml(
    "attachments",
    { xmlns: NS_ATTACHMENTS },
    noticed && xml("noticed", { timestamp: timeOf("noticed", earlier.noticed) }),
    reactions.length > 0 &&
      xml(
        "reactions",
        { timestamp: timeOf("reactions", sameReactions) },
        reactions.map((emoji) => xml("reaction", {}, emoji)),
      ),
    unknown,
  );
}
