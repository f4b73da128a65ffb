import { NotAcceptableError } from "../errors/errors.js";
import type { XmlElement } from "../xml/element.js";
import { elementText } from "../xml/element-text.js";

/** What XML 1.0 cannot hold (§2.2), not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/u;

/**
 * The text of a stanza that is about to be sent. What the server could only answer with the end of the
 * stream is refused here: it would be sent again after each resumption.
 *
 * @throws {NotAcceptableError} a character that XML forbids, or more bytes than the server accepts
 */
export function serialise(stanza: XmlElement, maxBytes: number | undefined): string {
  const text = elementText(stanza);
  const forbidden = FORBIDDEN.exec(text)?.[0];
  if (forbidden !== undefined) {
    const code = (forbidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    throw new NotAcceptableError(`XML does not allow the character U+${code}`);
  }
  if (maxBytes !== undefined && Buffer.byteLength(text) > maxBytes) {
    throw new NotAcceptableError(`the server accepts stanzas of at most ${maxBytes} bytes`);
  }
  return text;
}
