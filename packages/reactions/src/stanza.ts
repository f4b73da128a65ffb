import { NS_CLIENT, NS_HINTS, NS_MUC_USER, NS_REACTIONS, type XmlElement, xml } from "@larder/core";
import { receivedEmoji, withoutRepeats } from "./emoji.js";

/** Reactions as a stanza carries them: the complete set of its sender (XEP-0444 §3.2). */
export interface ReactionsPayload {
  /** Wire id of the message they are for (§4.2). */
  readonly target: string;
  readonly emojis: readonly string[];
}

/** Emojis of one sender at one message that are kept; a longer list is cut. */
const MAX_EMOJIS = 100;
/** Elements that are read for them, since some may repeat others or be no emoji. */
const MAX_REACTION_ELEMENTS = 1000;

/**
 * Reads the reactions of a message. What is no emoji, or repeats one, is left out (§4); a body is only there for those who
 * know no reactions.
 *
 * @returns undefined where it carries none, or more than one `<reactions/>`, which nobody may send (§4)
 */
export function readReactions(message: XmlElement): ReactionsPayload | undefined {
  const found = message.getChildren("reactions", NS_REACTIONS);
  const target = found[0]?.attrs.id;
  if (found.length !== 1 || !target) return undefined;
  const elements = (found[0]?.getChildren("reaction") ?? []).slice(0, MAX_REACTION_ELEMENTS);
  const emojis = elements.flatMap((reaction) => receivedEmoji(reaction.text()) ?? []);
  return { target, emojis: withoutRepeats(emojis).slice(0, MAX_EMOJIS) };
}

/** A set of ours as it goes out. */
export interface OutgoingReactions {
  readonly to: string;
  /** The type of the message that they are for (§4). */
  readonly type: string;
  readonly id: string;
  readonly target: string;
  readonly emojis: readonly string[];
  /** The message asks to be stored nowhere, and so no hint asks to store what is said of it (§4). Default false. */
  readonly noStore?: boolean;
  /** They go to an occupant through the room (XEP-0045 §7.5). Default false. */
  readonly throughRoom?: boolean;
}

/**
 * The stanza that sets reactions: the full set, a hint to archive it since it has no body, nothing else
 * (§3.2, §4).
 */
export function reactionsStanza(reactions: OutgoingReactions): XmlElement {
  const { to, type, id, target, emojis, noStore = false, throughRoom = false } = reactions;
  return xml(
    "message",
    { xmlns: NS_CLIENT, to, type, id },
    xml(
      "reactions",
      { xmlns: NS_REACTIONS, id: target },
      emojis.map((emoji) => xml("reaction", {}, emoji)),
    ),
    throughRoom && xml("x", { xmlns: NS_MUC_USER }),
    !noStore && xml("store", { xmlns: NS_HINTS }),
  );
}
