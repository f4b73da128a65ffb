import { StorageError } from "../errors.js";

/** A row is far below this; a file that is no export may have no line break at all. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/**
 * Cuts bytes into lines of UTF-8; the last may lack its line break.
 *
 * @throws {StorageError} a line is too long or not UTF-8
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  let parts: Uint8Array[] = [];
  let bytes = 0;

  const take = (part: Uint8Array) => {
    bytes += part.length;
    if (bytes > MAX_LINE_BYTES) throw new StorageError(`line ${number + 1} is too long for an export`);
    parts.push(part);
  };
  const line = (): Line => {
    number++;
    const whole = Buffer.concat(parts);
    parts = [];
    bytes = 0;
    try {
      return { number, text: utf8.decode(whole) };
    } catch (cause) {
      throw new StorageError(`line ${number} is not UTF-8`, { cause });
    }
  };

  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      take(chunk.subarray(start, end));
      yield line();
      start = end + 1;
    }
    if (start < chunk.length) take(chunk.subarray(start));
  }
  if (bytes > 0) yield line();
}
