import { storableJson } from "./storable-json.js";
import { indexText } from "./words.js";

/** At most so much of one text is looked at for words. */
const MAX_TEXT = 1024 * 1024;

/**
 * Text that is only kept, as such or as its UTF-8: bytes pass between threads, and into SQLite, without becoming a string
 * of the thread that passes them on.
 */
export type StoredText = string | Uint8Array;

/** What an item's row holds for searches, beside what the item says. */
export interface PreparedItem<Text extends StoredText = StoredText> {
  /** The parsed data with its strings case-folded; absent where there is none. */
  readonly folded?: Text;
  /** The words of the text, as the full-text index keeps them. */
  readonly words: Text;
  /** Why the parsed data cannot be kept; it is then left out. */
  readonly refused?: string;
  /** The text has more words than the index keeps. */
  readonly isCut?: true;
}

/**
 * Makes ready what searches need of an item. It costs about as much as writing the item, and needs neither database
 * nor the rest of this package: a program may do it in another thread and give the result to the repository.
 *
 * @param parsedJson JSON text without U+0000 and half surrogate pairs
 * @param text the human text that full-text search finds
 * @param value what the JSON says, where that is at hand: reading it again costs as much as writing it
 */
export function prepareItem(
  parsedJson: string | undefined,
  text: string,
  value?: unknown,
): PreparedItem<string> {
  const isLong = text.length > MAX_TEXT;
  const { words, isCut } = indexText(isLong ? text.slice(0, MAX_TEXT) : text);
  const cut = isLong || isCut ? ({ isCut: true } as const) : {};
  const parsed = storableJson(parsedJson, value);
  if (parsed === undefined) return { words, ...cut };
  return parsed.refused === undefined
    ? { folded: parsed.folded, words, ...cut }
    : { refused: parsed.refused, words, ...cut };
}
