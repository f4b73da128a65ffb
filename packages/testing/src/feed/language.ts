/**
 * One everyday subject in one language. `{n}` in a sentence is replaced by a small number, so that two posts on
 * the same subject differ.
 */
export interface Topic {
  readonly tags: readonly string[];
  readonly titles: readonly string[];
  readonly sentences: readonly string[];
}

/** What posts in one language are made of. */
export interface Language {
  /** BCP 47, for `xml:lang`. */
  readonly code: string;
  readonly direction: "ltr" | "rtl";
  /** Whether sentences are joined by a space. */
  readonly spaced: boolean;
  readonly topics: readonly [Topic, Topic, Topic];
  /** Sentences that fit under any title. */
  readonly general: readonly string[];
  /** The words of a link to a longer version. */
  readonly readMore: string;
}
