import { isElement, parseTrustedXml, type XmlElement } from "@larder/core";

/** Character data of an element, with blanks where tags stood, so that words do not run together. */
function characterData(element: XmlElement): string {
  return element.children.map((child) => (isElement(child) ? characterData(child) : child)).join(" ");
}

const textsOf = (value: unknown): string[] => (typeof value === "string" ? [value] : []);

/**
 * What full-text search finds of an item: of a parsed one title, text, summary, tags and the author's
 * name; of any other its character data. Never mark-up.
 */
export function searchableText(xml: string, parsed: unknown): string {
  if (parsed === null || typeof parsed !== "object") return characterData(parseTrustedXml(xml));
  const { title, text, summary, tags, author } = parsed as Record<string, unknown>;
  const name =
    author !== null && typeof author === "object" ? (author as Record<string, unknown>).name : undefined;
  const parts = [title, text, summary, name].flatMap(textsOf);
  if (Array.isArray(tags)) parts.push(...tags.flatMap(textsOf));
  return parts.length > 0 ? parts.join("\n") : characterData(parseTrustedXml(xml));
}
