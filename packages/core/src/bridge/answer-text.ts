import { textOf } from "./lines.js";

/**
 * Stands before the elements of the list that a result begins with, and after the last: `"result":{"items":[⇥{…},⇥{…}⇥],…}`. To every reader
 * of JSON it is white space, and nothing else in a line can be one: in strings it is escaped (RFC 8259 §7).
 */
export const ELEMENT_MARK = "\t";
const MARK = 9;

/** From this size on V8 gives a text pages of its own, which the system has to map anew for each. */
const OWN_PAGES_BYTES = 128 * 1024;

/**
 * A line of JSON, as the bytes that came. A large one is read element by element where they are marked: a page of history of
 * 250 kB takes half of the time that it takes as one text.
 *
 * @throws {SyntaxError}
 */
export function readJsonLine(parts: readonly Buffer[]): unknown {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const byElement = bytes < OWN_PAGES_BYTES ? undefined : readElements(cutAtMarks(parts));
  return byElement ?? JSON.parse(textOf(parts));
}

function cutAtMarks(parts: readonly Buffer[]): string[] {
  const pieces: string[] = [];
  let begun: Buffer[] = [];
  for (const part of parts) {
    let start = 0;
    for (let end = part.indexOf(MARK); end >= 0; end = part.indexOf(MARK, start)) {
      pieces.push(textOf([...begun, part.subarray(start, end)]));
      begun = [];
      start = end + 1;
    }
    begun.push(part.subarray(start));
  }
  pieces.push(textOf(begun));
  return pieces;
}

/** @returns undefined where the marks are not those of an answer's list: whoever wrote the line meant something else by them */
function readElements(pieces: readonly string[]): unknown {
  const [head = "", ...rest] = pieces;
  const tail = rest.pop();
  const name = /^\{[^{}]*"result":\{"(\w+)":\[$/.exec(head)?.[1];
  if (tail === undefined || name === undefined) return undefined;
  try {
    const answer = JSON.parse(head + tail) as { result?: Record<string, unknown> };
    const list = answer.result?.[name];
    if (!Array.isArray(list) || list.length > 0) return undefined;
    for (const [at, piece] of rest.entries())
      list.push(JSON.parse(at < rest.length - 1 && piece.endsWith(",") ? piece.slice(0, -1) : piece));
    return answer;
  } catch {
    return undefined;
  }
}
