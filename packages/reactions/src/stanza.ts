import { NS_CLIENT, NS_HINTS, NS_REACTIONS, type XmlElement, xml } from "@larder/core";
import { qualifyEmoji, withoutRepeats } from "./emoji.js";

/** Reactions as a stanza carries them: the complete set of its sender (XEP-0444 §3.2). */
export interface ReactionsPayload {
  /** Wire id of the message they are for (§4.2). */
  readonly target: string;
  readonly emojis: readonly string[];
}

/**
 * Reads the reactions of a message. What is no emoji, or repeats one, is left out (§4).
 *
 * @returns undefined where it carries none, or more than one `<reactions/>`, which nobody may send (§4)
 */
export function readReactions(message: XmlElement): ReactionsPayload | undefined {
  const found = message.getChildren("reactions", NS_REACTIONS);
  const target = found[0]?.attrs.id;
  if (found.length !== 1 || !target) return undefined;
  const emojis = (found[0]?.getChildren("reaction") ?? []).flatMap(
    (reaction) => qualifyEmoji(reaction.text()) ?? [],
  );
  return { target, emojis: withoutRepeats(emojis) };
}

/**
 * The stanza that sets reactions: the full set, a hint to archive it since it has no body, nothing else
 * (§3.2, §4).
 */
export function reactionsStanza(options: {
  to: string;
  type: string;
  id: string;
  target: string;
  emojis: readonly string[];
}): XmlElement {
  return xml(
    "message",
    { xmlns: NS_CLIENT, to: options.to, type: options.type, id: options.id },
    xml(
      "reactions",
      { xmlns: NS_REACTIONS, id: options.target },
      options.emojis.map((emoji) => xml("reaction", {}, emoji)),
    ),
    xml("store", { xmlns: NS_HINTS }),
  );
}
