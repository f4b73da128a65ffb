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
  if (isAscii(lower) || !foldsFurther(lower)) return lower;
  if (text.includes("ı")) return text.split("ı").map(foldCase).join("ı");
  // Lower case first for ẞ, which is its own upper case; upper case for ß, whose lower case is its own.
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/** Small letters whose folded form is another one: that of their capital, but for ς and ı. A test tells whether these are all. */
const FOLD_FURTHER: readonly (number | readonly [first: number, last: number])[] = [
  0x00b5,
  0x00df,
  0x0131,
  0x0149,
  0x017f,
  0x01f0,
  0x0345,
  0x0390,
  0x03b0,
  0x03c2,
  0x03d0,
  0x03d1,
  0x03d5,
  0x03d6,
  0x03f0,
  0x03f1,
  0x03f5,
  0x0587,
  [0x1c80, 0x1c88],
  [0x1e96, 0x1e9b],
  0x1f50,
  0x1f52,
  0x1f54,
  0x1f56,
  [0x1f80, 0x1f87],
  [0x1f90, 0x1f97],
  [0x1fa0, 0x1fa7],
  [0x1fb2, 0x1fb4],
  0x1fb6,
  0x1fb7,
  0x1fbe,
  [0x1fc2, 0x1fc4],
  0x1fc6,
  0x1fc7,
  0x1fd2,
  0x1fd3,
  0x1fd6,
  0x1fd7,
  [0x1fe2, 0x1fe4],
  0x1fe6,
  0x1fe7,
  [0x1ff2, 0x1ff4],
  0x1ff6,
  0x1ff7,
  [0xfb00, 0xfb06],
  [0xfb13, 0xfb17],
];

/** The same by UTF-16 unit, made when it is first needed: a regular expression of so many ranges takes ten times as long. */
let furtherUnits: Uint8Array | undefined;

function foldsFurther(lower: string): boolean {
  furtherUnits ??= unitsOf(FOLD_FURTHER);
  for (let at = 0; at < lower.length; at++) if (furtherUnits[lower.charCodeAt(at)] === 1) return true;
  return false;
}

function unitsOf(ranges: typeof FOLD_FURTHER): Uint8Array {
  const units = new Uint8Array(0x10000);
  for (const range of ranges) {
    const [first, last] = typeof range === "number" ? [range, range] : range;
    units.fill(1, first, last + 1);
  }
  return units;
}

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/** The same of a short text, which a regular expression takes longer to begin with. */
function isAsciiWord(word: string): boolean {
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) > 0x7f) return false;
  return true;
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
    if (isAsciiWord(run)) words.push(run);
    else for (const word of foreignWords(run)) words.push(word);
  }
  return words;
}

const shortened = (word: string): string =>
  word.length > MAX_WORD ? [...word].slice(0, MAX_WORD).join("") : word;

/** Words of a text that the index stores. */
export interface IndexedText {
  /** Its words, with one blank between them. */
  readonly words: string;
  /** It has more words than the index stores. */
  readonly isCut: boolean;
}

export function indexText(text: string): IndexedText {
  const all = wordsOf(text);
  const words = all.length > MAX_INDEXED_WORDS ? all.slice(0, MAX_INDEXED_WORDS) : all;
  const indexed = words.join(" ");
  const isCut = all.length > words.length;
  if (indexed.length * 3 <= MAX_INDEXED_BYTES) return { words: indexed, isCut };
  let bytes = 0;
  const end = words.findIndex((word) => {
    bytes += Buffer.byteLength(word) + 1;
    return bytes > MAX_INDEXED_BYTES;
  });
  return end === -1 ? { words: indexed, isCut } : { words: words.slice(0, end).join(" "), isCut: true };
}

/** The words that the index stores of a text, with one blank between them. */
export const indexedText = (text: string): string => indexText(text).words;
