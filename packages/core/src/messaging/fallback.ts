import { NS_FALLBACK } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

const place = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/**
 * A body without the parts that only repeat what another specification says (XEP-0428 §2.2): for a reply, the quoted
 * text. Ranges count code points; a fallback without a range is the whole body.
 *
 * @param namespaces which specifications are understood; what stands for others is left in
 */
export function withoutFallback(message: XmlElement, body: string, namespaces: readonly string[]): string {
  const fallbacks = message
    .getChildren("fallback", NS_FALLBACK)
    .filter(({ attrs }) => attrs.for !== undefined && namespaces.includes(attrs.for));
  if (fallbacks.length === 0) return body;
  const points = [...body];
  const cut = new Set<number>();
  for (const fallback of fallbacks) {
    const parts = fallback.getChildren("body");
    if (parts.length === 0 && fallback.getChild("subject") === undefined) return "";
    for (const { attrs } of parts) {
      const start = place(attrs.start) ?? 0;
      const end = Math.min(place(attrs.end) ?? points.length, points.length);
      for (let at = start; at < end; at++) cut.add(at);
    }
  }
  return cut.size === 0 ? body : points.filter((_, at) => !cut.has(at)).join("");
}
