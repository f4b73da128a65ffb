import type { XmlElement } from "@larder/core";

const TAG = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/;

/** The language that an element itself states (RFC 4287 §2); undefined if it states none, or none that is one (RFC 5646). */
export function languageOf(element: XmlElement | undefined): string | undefined {
  const lang = element?.attrs["xml:lang"]?.trim();
  return lang !== undefined && TAG.test(lang) ? lang : undefined;
}
