import { readWebAddress } from "@larder/core/address";
import type { XmlElement } from "@larder/core/xml";

/** Elements above one that are looked at; posts are not nested deeper. */
const MAX_ABOVE = 200;

/**
 * The address that relative ones in an element refer to (XML Base §3, RFC 4287 §2): `xml:base` of the element and of those
 * around it, each relative to the next.
 *
 * @returns undefined if there is none, or none of the web
 */
export function baseOf(element: XmlElement | undefined): string | undefined {
  const bases: string[] = [];
  let at: XmlElement | null | undefined = element;
  for (let above = 0; at && above < MAX_ABOVE; above++) {
    const base = at.attrs["xml:base"];
    if (base !== undefined) bases.push(base);
    at = at.parent;
  }
  return bases.reduceRight<string | undefined>(
    (outer, base) => readWebAddress(base, outer) ?? outer,
    undefined,
  );
}
