import { NS_FALLBACK } from "../namespaces.js";
import type { XmlElement } from "../xml/element.js";

/** Ranges of one message that are read: a reply quotes once, and each range is cut out of each body. */
const MAX_RANGES = 100;

/** A part of a body, in code points; without an end it goes to the body's. */
interface Range {
  readonly start: number;
  readonly end?: number;
}

const offset = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

function rangesOf(fallback: XmlElement): Range[] {
  const parts = fallback.getChildren("body");
  if (parts.length === 0) return fallback.getChild("subject") === undefined ? [{ start: 0 }] : [];
  return parts.map(({ attrs }) => ({ start: offset(attrs.start) ?? 0, end: offset(attrs.end) }));
}

function withoutRanges(body: string, ranges: readonly Range[]): string {
  const points = [...body];
  const cut = new Uint8Array(points.length);
  for (const { start, end = points.length } of ranges) cut.fill(1, start, Math.max(start, end));
  return points.filter((_, at) => cut[at] === 0).join("");
}

/**
 * Reads which parts of a message's bodies only repeat what another specification says (XEP-0428 §2.2): for a reply, the quoted
 * text. Ranges count code points; a fallback without a range is the whole body. At most {@link MAX_RANGES} ranges are read.
 *
 * @param namespaces which specifications are understood; what stands for others is left in
 * @returns makes a body without them
 */
export function fallbackRemover(
  message: XmlElement,
  namespaces: readonly string[],
): (body: string) => string {
  const ranges = message
    .getChildren("fallback", NS_FALLBACK)
    .filter(({ attrs }) => attrs.for !== undefined && namespaces.includes(attrs.for))
    .slice(0, MAX_RANGES)
    .flatMap(rangesOf)
    .slice(0, MAX_RANGES);
  return ranges.length === 0 ? (body) => body : (body) => withoutRanges(body, ranges);
}
