/** At most this many words of one text are indexed: a PostgreSQL tsvector forgets positions after 16,383. */
export const MAX_INDEXED_WORDS = 15_000;
/** And at most so many bytes: a tsvector ends at 1 MiB, the places of the words included. */
const MAX_INDEXED_BYTES = 600_000;

/** A word is known by its beginning: PostgreSQL takes none of more than 2,046 bytes. */
const MAX_WORD = 250;

/** Marks that people leave out when they type: accents, Hebrew points, Arabic vowel signs. Not the vowels of Indic scripts. */
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]/g;

/**
 * Folds case fully, so that "Straße" equals "STRASSE" and a final sigma equals any other (Unicode, full
 * case folding). The dotless ı has no other case there, though its capital is I.
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (!FOLDS_FURTHER.test(lower)) return lower;
  if (text.includes("ı")) return text.split("ı").map(foldCase).join("ı");
  // Lower case first for ẞ, which is its own upper case; upper case for ß, whose lower case is its own.
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** Small letters whose folded form is another one: that of their capital, but for ς and ı. A test tells whether these are all. */
const FOLDS_FURTHER =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each stands for itself
  /[\u00b5\u00df\u0131\u0149\u017f\u01f0\u0345\u0390\u03b0\u03c2\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u0587\u1c80-\u1c88\u1e96-\u1e9b\u1f50\u1f52\u1f54\u1f56\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb2-\u1fb4\u1fb6\u1fb7\u1fbe\u1fc2-\u1fc4\u1fc6\u1fc7\u1fd2\u1fd3\u1fd6\u1fd7\u1fe2-\u1fe4\u1fe6\u1fe7\u1ff2-\u1ff4\u1ff6\u1ff7\ufb00-\ufb06\ufb13-\ufb17]/;

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

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

/** What words may be made of, between blanks and punctuation of ASCII. */
const RUN = /[a-z0-9\u0080-\uffff]+/g;
const ASCII_RUN = /[a-z0-9]+/g;

/** Words come again and again, in one text and in the next; of a whole language, most of what is written is here. */
const folded = new Map<string, readonly string[]>();
const MOST_FOLDED = 20_000;
/** Longer ones are sentences of a script without blanks, or nothing that comes again. */
const LONGEST_KEPT = 40;

/** @param run in lower case, not of ASCII alone */
function foreignWords(run: string): readonly string[] {
  const known = folded.get(run);
  if (known !== undefined) return known;
  const words = cutForeign(run);
  if (run.length <= LONGEST_KEPT) {
    if (folded.size >= MOST_FOLDED) folded.clear();
    folded.set(` ${run}`.slice(1), words); // a slice would keep the whole text alive
  }
  return words;
}

function cutForeign(run: string): readonly string[] {
  const words: string[] = [];
  for (const word of foldText(run).match(WORD) ?? [])
    words.push(...(word.replaceAll("\ufe0f", "").match(RUN) ?? []));
  return words;
}

/** The words of a text in their order, folded; emoji count as words, whatever their variation selectors. */
export function wordsOf(text: string): string[] {
  const lower = text.toLowerCase();
  // Most text is of ASCII, where a word is plain to see: cutting that as any other would cost several times as much.
  const words = isAscii(lower) ? (lower.match(ASCII_RUN) ?? []) : manyWords(lower);
  return text.length > MAX_WORD ? words.map(shortened) : words;
}

function manyWords(lower: string): string[] {
  const words: string[] = [];
  for (const run of lower.match(RUN) ?? []) {
    if (isAscii(run)) words.push(run);
    else for (const word of foreignWords(run)) words.push(word);
  }
  return words;
}

const shortened = (word: string): string =>
  word.length > MAX_WORD ? [...word].slice(0, MAX_WORD).join("") : word;

/** What the index stores for a text: its words, with one blank between them. */
export function indexedText(text: string): string {
  const words = wordsOf(text).slice(0, MAX_INDEXED_WORDS);
  const indexed = words.join(" ");
  if (indexed.length * 3 <= MAX_INDEXED_BYTES) return indexed;
  let bytes = 0;
  const end = words.findIndex((word) => {
    bytes += Buffer.byteLength(word) + 1;
    return bytes > MAX_INDEXED_BYTES;
  });
  return end === -1 ? indexed : words.slice(0, end).join(" ");
}
