/** Largest line of the bridge in bytes; CONTRACT "Limits". */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

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
    // A line is decoded as a whole: characters may be cut by the chunks, and one text is read faster than a chain of them.
    const [first = NOTHING] = this.#parts;
    const line = (this.#parts.length > 1 ? Buffer.concat(this.#parts) : first).toString("utf8");
    const dropped = this.#dropping;
    this.#parts = [];
    this.#bytes = 0;
    this.#dropping = false;
    if (!dropped && line.trim() !== "") this.#onLine(line);
  }
}
