/** One emoji that is recommended for general interchange, fully qualified (UTS #51 ED-27). */
const RGI = /^\p{RGI_Emoji}$/v;
const VARIATION_SELECTOR = /\ufe0f/g;

/**
 * The form by which emojis count as the same: without variation selectors, which clients set and leave
 * out at will.
 */
export function normalForm(emoji: string): string {
  return emoji.replace(VARIATION_SELECTOR, "");
}

/**
 * The fully qualified form of one emoji, however it was spelt; blanks around it do not count.
 *
 * @returns undefined where the text is not exactly one emoji (XEP-0444 §4)
 */
export function qualifyEmoji(text: string): string | undefined {
  const trimmed = text.trim();
  if (RGI.test(trimmed)) return trimmed;
  const characters = [...normalForm(trimmed)];
  const qualified = characters
    .map((character, index) => {
      const textByDefault = /^\p{Emoji}$/u.test(character) && !/^\p{Emoji_Presentation}$/u.test(character);
      const modified = /^\p{Emoji_Modifier}$/u.test(characters[index + 1] ?? "");
      return textByDefault && !modified && !/^\p{Emoji_Modifier}$/u.test(character)
        ? `${character}\ufe0f`
        : character;
    })
    .join("");
  return RGI.test(qualified) ? qualified : undefined;
}

/** Code points of one emoji at most; the longest that is recommended has ten. */
const MAX_CODE_POINTS = 30;

/**
 * One emoji that somebody else has sent. Their Unicode may be newer than that of this program: one character as a reader sees it
 * that begins like a picture is an emoji too.
 *
 * @returns undefined where it is none
 */
export function receivedEmoji(text: string): string | undefined {
  const known = qualifyEmoji(text);
  if (known !== undefined) return known;
  const trimmed = text.trim();
  if (!/^\p{Extended_Pictographic}/u.test(trimmed) || [...trimmed].length > MAX_CODE_POINTS) return undefined;
  const clusters = new Intl.Segmenter("en", { granularity: "grapheme" }).segment(trimmed);
  return [...clusters].length === 1 ? trimmed : undefined;
}

/** Emojis without those that repeat an earlier one in whatever spelling; what stays keeps its place. */
export function withoutRepeats(emojis: readonly string[]): string[] {
  const seen = new Set<string>();
  return emojis.filter((emoji) => {
    const form = normalForm(emoji);
    return !seen.has(form) && seen.add(form);
  });
}
