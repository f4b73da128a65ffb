import { createHmac } from "node:crypto";
import type {
  LocalisedText,
  MessageCorrection,
  MessageHead,
  MessageRecord,
  NewMessage,
} from "@larder/storage";

/** Words of a message. */
export type Words = Pick<MessageCorrection, "bodies" | "subjects">;

/** Servers put line ends in their form, and rooms take white space away at the ends. */
const normalised = (texts: readonly LocalisedText[]): string[] =>
  texts.map(({ text }) => text.replace(/\r\n?/g, "\n").trim()).filter((text) => text !== "");

/** The words alone: a server may have stated the language of the stream, where we stated none. */
const wordsOf = ({ bodies, subjects }: Words): string =>
  JSON.stringify([normalised(bodies), normalised(subjects)]);

const hmac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest("base64url");

/**
 * Keyed digest of what messages said first (HMAC-SHA-256). A copy of a message that was corrected or retracted meanwhile is
 * known by it. The key stays outside of the database, so that nobody can find a short text there by trying.
 *
 * A digest begins with the name of its key: under another key nothing can be said of whether words are the same.
 */
export class WordsDigest {
  readonly #key: Uint8Array | undefined;
  readonly #name: string;

  /** @param key secret of the instance, the same for as long as the database; undefined: no digests are kept */
  constructor(key: Uint8Array | undefined) {
    this.#key = key;
    this.#name = key === undefined ? "" : hmac(key, "name of the key").slice(0, 8);
  }

  of(words: Words): string | undefined {
    return this.#key === undefined ? undefined : `${this.#name}.${hmac(this.#key, wordsOf(words))}`;
  }

  /** A message as it is to be kept: with the digest of what it says; a tombstone says nothing that could be known again. */
  sign(message: NewMessage): NewMessage {
    if (message.digest !== undefined || message.retracted !== undefined) return message;
    return { ...message, digest: this.of(message) };
  }

  /** The digest that a row is to get before it is changed: nothing where it has one, or nobody knows its first version. */
  before(record: MessageRecord): string | undefined {
    return record.digest !== undefined || isChanged(record) ? undefined : this.of(record);
  }
}

type Comparable = Partial<Pick<MessageHead, "digest" | "edited" | "retracted">>;

/** True if the stored words are no longer those of the first version. */
export const isChanged = ({ edited, retracted }: Omit<Comparable, "digest">): boolean =>
  edited !== undefined || retracted !== undefined;

const keyOf = (digest: string): string => digest.slice(0, digest.indexOf("."));

/**
 * Whether two first versions say the same, as far as digests tell.
 *
 * @returns undefined where they do not: one has none, or one under another key
 */
export function sameDigest(one: Comparable, other: Comparable): boolean | undefined {
  if (one.digest === undefined || other.digest === undefined) return undefined;
  return keyOf(one.digest) === keyOf(other.digest) ? one.digest === other.digest : undefined;
}

/** True if two messages have the same words. */
export const sameWords = (one: Words, other: Words): boolean => wordsOf(one) === wordsOf(other);
