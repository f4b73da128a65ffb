import { XmlSyntaxError } from "./syntax-error.js";

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Longer ones have leading zeros without end: nobody writes them. */
export const LONGEST_REFERENCE = 32;

const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]+)|#x([0-9A-Fa-f]+));|&/g;
const MAY_BECOME_ONE = /^&(?:[a-z]{0,4}|#[0-9]*|#x[0-9A-Fa-f]*)$/;

/** A character that XML 1.0 §2.2 allows. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function resolve(
  reference: string,
  name: string | undefined,
  decimal: string | undefined,
  hex: string | undefined,
): string {
  if (name !== undefined) return NAMED[name] ?? "";
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number.parseInt(decimal, 10);
  if (reference.length > LONGEST_REFERENCE || !isCharacter(code))
    throw new XmlSyntaxError("a reference to something that is no character, or not defined");
  return String.fromCodePoint(code);
}

/**
 * Text with its references resolved: those of XML itself and to characters (XML 1.0 §4.1, §4.6).
 *
 * @throws {XmlSyntaxError} another entity, a character that XML does not have, or an `&` that stands alone
 */
export function resolveReferences(raw: string): string {
  return raw.includes("&") ? raw.replace(REFERENCE, resolve) : raw;
}

/** Where a reference begins at the end of a text that may go on; -1 where there is none. */
export function unfinishedReference(raw: string): number {
  const at = raw.lastIndexOf("&");
  if (at < 0 || raw.length - at > LONGEST_REFERENCE) return -1;
  return MAY_BECOME_ONE.test(raw.slice(at)) ? at : -1;
}
