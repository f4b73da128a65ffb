/** A value that cannot be stored; the message says why. */
export class ResultError extends Error {
  override readonly name = "ResultError";
}

/** SQLite reads JSON up to a depth of 1000, other tools less. */
const MAX_DEPTH = 200;

/** U+0000 and halves of surrogate pairs are removed: PostgreSQL takes neither in JSON or text. */
export function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  return text.replace(/\u0000|\p{Surrogate}/gu, "");
}

/**
 * A value as JSON text, as `JSON.stringify` would write it (undefined, functions and symbols are left out, or
 * null in arrays; NaN and infinities are null; dates are ISO 8601), with all strings cleaned.
 *
 * `toJSON` is honoured for dates only: a parser that puts one on a prototype must not change what others return.
 *
 * @param maxBytes most bytes in UTF-8; it ends early, however large the value is
 * @throws {ResultError} a cycle, a BigInt, a Map or Set, too deep, too large, or nothing at all
 */
export function normaliseJson(value: unknown, maxBytes: number): string {
  const writer = new Writer(maxBytes);
  if (!writer.write(value, [])) throw new ResultError("the parser returned nothing");
  const json = writer.text;
  if (Buffer.byteLength(json) > maxBytes) throw new ResultError(tooLarge(maxBytes));
  return json;
}

const tooLarge = (maxBytes: number) => `the result is larger than ${maxBytes} bytes`;

class Writer {
  readonly #parts: string[] = [];
  #length = 0;

  constructor(private readonly maxBytes: number) {}

  get text(): string {
    return this.#parts.join("");
  }

  #push(part: string): void {
    this.#length += part.length;
    if (this.#length > this.maxBytes) throw new ResultError(tooLarge(this.maxBytes));
    this.#parts.push(part);
  }

  /** Whether there was anything to write. */
  write(value: unknown, ancestors: object[]): boolean {
    switch (typeof value) {
      case "string":
        if (value.length > this.maxBytes) throw new ResultError(tooLarge(this.maxBytes));
        this.#push(JSON.stringify(cleanText(value)));
        return true;
      case "number":
        this.#push(Number.isFinite(value) ? String(value === 0 ? 0 : value) : "null");
        return true;
      case "boolean":
        this.#push(String(value));
        return true;
      case "bigint":
        throw new ResultError("a BigInt is no JSON value");
      case "object":
        if (value === null) this.#push("null");
        else this.#writeObject(value, ancestors);
        return true;
      default:
        return false;
    }
  }

  #writeObject(value: object, ancestors: object[]): void {
    if (ancestors.includes(value)) throw new ResultError("the result contains itself");
    if (ancestors.length >= MAX_DEPTH)
      throw new ResultError(`the result is nested more than ${MAX_DEPTH} deep`);
    if (value instanceof Map || value instanceof Set) throw new ResultError("a Map or Set is no JSON value");
    if (value instanceof Date) {
      this.#push(Number.isNaN(value.getTime()) ? "null" : JSON.stringify(value.toISOString()));
      return;
    }
    ancestors.push(value);
    if (Array.isArray(value)) this.#writeArray(value, ancestors);
    else this.#writeMembers(value as Record<string, unknown>, ancestors);
    ancestors.pop();
  }

  #writeArray(values: readonly unknown[], ancestors: object[]): void {
    this.#push("[");
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.#push(",");
      if (!this.write(values[i], ancestors)) this.#push("null");
    }
    this.#push("]");
  }

  #writeMembers(value: Record<string, unknown>, ancestors: object[]): void {
    const written = new Set<string>(); // two keys may become one by cleaning
    this.#push("{");
    for (const name of Object.keys(value)) {
      const member = value[name];
      const key = cleanText(name);
      if (written.has(key) || ["undefined", "function", "symbol"].includes(typeof member)) continue;
      this.#push(`${written.size > 0 ? "," : ""}${JSON.stringify(key)}:`);
      written.add(key);
      this.write(member, ancestors);
    }
    this.#push("}");
  }
}
