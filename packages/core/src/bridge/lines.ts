/** Largest line of the bridge in bytes; CONTRACT "Limits". */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** The text of bytes that came in several pieces: characters may be cut by them, and one text is read faster than a chain. */
export function textOf(parts: readonly Buffer[]): string {
  const [first = NOTHING] = parts;
  return (parts.length > 1 ? Buffer.concat(parts) : first).toString("utf8");
}

/**
 * Cuts a byte stream into lines of UTF-8, whatever the chunks. A line over the limit is dropped as it
 * comes and told once; the lines after it are read as usual.
 */
export class LineReader {
  readonly #limit: number;
  readonly #onLine: (parts: readonly Buffer[]) => void;
  readonly #onTooLong: () => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dropping = false;

  /** @param options.onParts told each line as the bytes that came; else `onLine` as text, unless it is blank */
  constructor(
    options: { onTooLong: () => void; limit?: number } & (
      | { onLine: (line: string) => void }
      | { onParts: (parts: readonly Buffer[]) => void }
    ),
  ) {
    if ("onParts" in options) this.#onLine = options.onParts;
    else
      this.#onLine = (parts) => {
        const line = textOf(parts);
        if (line.trim() !== "") options.onLine(line);
      };
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
    const parts = this.#parts;
    const dropped = this.#dropping;
    this.#parts = [];
    this.#bytes = 0;
    this.#dropping = false;
    if (!dropped) this.#onLine(parts);
  }
}
