import { isAscii } from "node:buffer";

/** Largest line of the bridge in bytes; CONTRACT "Limits". */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** From this size on V8 gives a text pages of its own, which the system has to map anew for each. */
const OWN_PAGES_BYTES = 128 * 1024;
/** From this size on Node keeps a text of one-byte characters outside V8's heap, in memory that is used again. */
const OUTSIDE_BYTES = 0xfbee9;
let outside: Buffer | undefined;

/**
 * A line's text. It is decoded as a whole: characters may be cut by the chunks, and one text is read faster than a chain of
 * them. What would get pages of its own becomes, where it is ASCII, the beginning of a text that is kept outside: a page of
 * history of 250 kB is then read in two thirds of the time.
 */
function textOf(parts: readonly Buffer[], length: number): string {
  if (length >= OWN_PAGES_BYTES && length < OUTSIDE_BYTES && parts.every((part) => isAscii(part))) {
    outside ??= Buffer.alloc(OUTSIDE_BYTES);
    let end = 0;
    for (const part of parts) end += part.copy(outside, end);
    return outside.toString("latin1").slice(0, length);
  }
  const [first = NOTHING] = parts;
  return (parts.length > 1 ? Buffer.concat(parts) : first).toString("utf8");
}

/**
 * Cuts a byte stream into lines of UTF-8, whatever the chunks. A line over the limit is dropped as it
 * comes and told once; the lines after it are read as usual.
 */
export class LineReader {
  readonly #limit: number;
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dropping = false;

  constructor(options: { onLine: (line: string) => void; onTooLong: () => void; limit?: number }) {
    this.#onLine = options.onLine;
    this.#onTooLong = options.onTooLong;
    this.#limit = options.limit ?? MAX_LINE_BYTES;
  }

  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#take(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#take(chunk.subarray(start));
  }

  /** What stands after the last line break counts as a line too. */
  end(): void {
    if (this.#bytes > 0) this.#endLine();
  }

  #take(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#dropping) return;
    if (this.#bytes > this.#limit) {
      this.#dropping = true;
      this.#parts = [];
      this.#onTooLong();
      return;
    }
    this.#parts.push(bytes);
  }

  #endLine(): void {
    const line = this.#dropping ? "" : textOf(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    this.#dropping = false;
    if (line.trim() !== "") this.#onLine(line);
  }
}
