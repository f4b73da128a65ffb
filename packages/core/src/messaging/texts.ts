import { NS_CLIENT } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

/** A text in one language; `lang` is empty where none is stated. */
export interface TextInLanguage {
  readonly lang: string;
  readonly text: string;
}

/** Languages of one message that are read; nobody writes in more, and each becomes a row. */
export const MAX_LANGUAGES = 50;

/**
 * The bodies or subjects of a message, one for each language (RFC 6121 §5.2.3, §5.2.4); the first of a language counts. Of
 * more than {@link MAX_LANGUAGES} the first ones are read.
 */
export function readTexts(message: XmlElement, name: "body" | "subject"): TextInLanguage[] {
  const inherited = message.attrs["xml:lang"] ?? "";
  const byLanguage = new Map<string, string>();
  for (const element of message.getChildren(name)) {
    if (element.getNS() !== NS_CLIENT && element.getNS() !== undefined) continue;
    if (byLanguage.size === MAX_LANGUAGES) break;
    const lang = element.attrs["xml:lang"] ?? inherited;
    if (!byLanguage.has(lang)) byLanguage.set(lang, element.text());
  }
  return [...byLanguage].map(([lang, text]) => ({ lang, text }));
}
