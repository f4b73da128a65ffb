import { isUtf8 } from "node:buffer";

/** What {@link Utf8Stream} throws. */
export class InvalidUtf8Error extends Error {
  override readonly name = "InvalidUtf8Error";
  constructor() {
    super("bytes that are not UTF-8");
  }
}

/** Bytes at the end of a piece that begin a character whose end is missing: at most three. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

/**
 * Decoder of UTF-8 that comes in pieces cut anywhere. Node's StringDecoder writes U+FFFD for what is no UTF-8, so that two
 * sides no longer agree about what was said.
 */
export class Utf8Stream {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Decodes a piece up to its last whole character.
   *
   * @throws {InvalidUtf8Error} nothing must be written after that
   */
  write(piece: Buffer): string {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - unfinished(bytes);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) throw new InvalidUtf8Error();
    this.#rest = end === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(end));
    return whole.toString("utf8");
  }
}
