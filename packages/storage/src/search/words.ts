/** At most this many words of one text are indexed: a PostgreSQL tsvector forgets positions after 16,383. */
export const MAX_INDEXED_WORDS = 15_000;

/** Marks that people leave out when they type: accents, Hebrew points, Arabic vowel signs. Not the vowels of Indic scripts. */
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]/g;

/** Folds case fully, so that "Straße" equals "STRASSE" and a final sigma equals any other (Unicode, full case folding). */
export function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** Folds case and diacritics for the full-text index. */
export function foldText(text: string): string {
  return foldCase(text.normalize("NFKD").replace(OPTIONAL_MARKS, "")).normalize("NFC");
}

/**
 * Scripts written without blanks between words. Each character (with its marks) is a word of its own in
 * the index, and a query is looked up as the sequence of its characters: that finds every substring,
 * needs no dictionary, and cannot differ between two builds of ICU.
 */
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}";

const WORD = new RegExp(
  [
    `[${UNSPACED}][\\p{M}\\u30fc]*`,
    `(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}])+`,
    "\\p{Regional_Indicator}{2}",
    "\\p{Extended_Pictographic}(?:\\p{Emoji_Modifier}|\\ufe0f|\\u200d\\p{Extended_Pictographic})*",
  ].join("|"),
  "gu",
);

/** The words of a text in their order, folded; emoji count as words, whatever their variation selectors. */
export function* wordsOf(text: string): Generator<string> {
  for (const [word] of foldText(text).matchAll(WORD)) yield word.replaceAll("\ufe0f", "");
}

/** What the index stores for a text: its words, with one blank between them. */
export function indexedText(text: string): string {
  const words: string[] = [];
  for (const word of wordsOf(text)) {
    words.push(word);
    if (words.length >= MAX_INDEXED_WORDS) break;
  }
  return words.join(" ");
}
