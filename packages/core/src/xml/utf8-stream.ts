import { isUtf8 } from "node:buffer";

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

/** Length in bytes of the whole characters at the beginning. */
function validLength(bytes: Buffer): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    const part = bytes.subarray(0, middle);
    if (isUtf8(part.subarray(0, middle - unfinished(part)))) valid = middle;
    else invalid = middle;
  }
  return valid - unfinished(bytes.subarray(0, valid));
}

/**
 * Decoder of UTF-8 that comes in pieces cut anywhere. Node's StringDecoder writes U+FFFD for what is no UTF-8, so that two
 * sides no longer agree about what was said.
 */
export class Utf8Stream {
  #rest: Buffer = Buffer.alloc(0);
  #failed = false;

  /** True once bytes came that are not UTF-8: what comes after them is not read. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Decodes a piece, up to its last whole character or the first byte that is wrong. */
  write(piece: Buffer): string {
    if (this.#failed) return "";
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = bytes.length - unfinished(bytes);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) {
      this.#failed = true;
      return whole.toString("utf8", 0, validLength(whole));
    }
    this.#rest = end === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(end));
    return whole.toString("utf8");
  }
}
