import { KeyTooLongError, MAX_KEY_BYTES } from "./errors.js";

/**
 * Whether a text can be part of a key: both engines take so much, whatever stands beside it in an index.
 * What the network sends is to be asked before it comes to a repository, which refuses it.
 */
export const fitsKey = (text: string): boolean =>
  text.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(text) <= MAX_KEY_BYTES;

/**
 * Refuses texts that are too long for the indexes they are part of.
 *
 * @param keys the texts by what they are called
 * @throws {KeyTooLongError} naming the first of them
 */
export function checkKeys(keys: Readonly<Record<string, string | undefined>>): void {
  for (const [name, text] of Object.entries(keys))
    if (text !== undefined && !fitsKey(text)) throw new KeyTooLongError(name);
}
