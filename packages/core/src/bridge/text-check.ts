import { InvalidParamsError } from "../errors/errors.js";

/** Characters that XML 1.0 forbids (§2.2), also as references; U+0000 and half surrogate pairs fit into no database either. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

function objectionTo(text: string): string | undefined {
  const character = FORBIDDEN.exec(text)?.[0];
  if (character !== undefined) {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `holds the character U+${code}, which neither XML nor the database can: take it out`;
  }
  return text.isWellFormed()
    ? undefined
    : "holds half of a surrogate pair, which is no character: take it out";
}

/**
 * Checks every text of a call's params, however deep, so that what can neither be sent nor stored is refused before anything
 * is done.
 *
 * @throws {InvalidParamsError} naming the field and the character
 */
export function checkTexts(value: unknown, path: readonly string[] = []): void {
  if (typeof value === "string") {
    const objection = objectionTo(value);
    if (objection !== undefined)
      throw new InvalidParamsError(path.join("."), `${path.join(".")}: ${objection}`);
  } else if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) checkTexts(each, [...path, String(at)]);
  } else if (value !== null && typeof value === "object") {
    for (const [key, each] of Object.entries(value)) {
      if (objectionTo(key) !== undefined)
        throw new InvalidParamsError(path.join("."), `${path.join(".")}: a name in it ${objectionTo(key)}`);
      checkTexts(each, [...path, key]);
    }
  }
}
