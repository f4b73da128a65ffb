/** A value that cannot be stored; the message says why. */
export class ResultError extends Error {
  override readonly name = "ResultError";
}

/** SQLite reads JSON up to a depth of 1000, other tools less. */
const MAX_DEPTH = 200;

/** U+0000 and halves of surrogate pairs are removed: PostgreSQL takes neither in JSON or text. */
export function cleanText(text: string): string {
  if (text.isWellFormed() && !text.includes("\0")) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  return text.replace(/\u0000|\p{Surrogate}/gu, "");
}

/** A value as JSON text, and what that says: plain objects, arrays and values that nobody else holds. */
export interface NormalJson {
  readonly json: string;
  readonly value: unknown;
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
export function normaliseJson(value: unknown, maxBytes: number): NormalJson {
  const writer = new Writer(maxBytes);
  const plain = writer.write(value, []);
  if (plain === undefined) throw new ResultError("the parser returned nothing");
  const json = writer.text;
  // A UTF-16 unit has three bytes at most.
  if (json.length * 3 > maxBytes && Buffer.byteLength(json) > maxBytes)
    throw new ResultError(tooLarge(maxBytes));
  return { json, value: plain };
}

const tooLarge = (maxBytes: number) => `the result is larger than ${maxBytes} bytes`;

class Writer {
  #text = "";

  constructor(private readonly maxBytes: number) {}

  get text(): string {
    return this.#text;
  }

  #push(part: string): void {
    this.#text += part;
    if (this.#text.length > this.maxBytes) throw new ResultError(tooLarge(this.maxBytes));
  }

  /** @returns what was written; undefined where there was nothing to write */
  write(value: unknown, ancestors: object[]): unknown {
    switch (typeof value) {
      case "string": {
        if (value.length > this.maxBytes) throw new ResultError(tooLarge(this.maxBytes));
        const clean = cleanText(value);
        this.#push(JSON.stringify(clean));
        return clean;
      }
      case "number": {
        const number = Number.isFinite(value) ? (value === 0 ? 0 : value) : null;
        this.#push(String(number));
        return number;
      }
      case "boolean":
        this.#push(String(value));
        return value;
      case "bigint":
        throw new ResultError("a BigInt is no JSON value");
      case "object":
        if (value !== null) return this.#writeObject(value, ancestors);
        this.#push("null");
        return null;
      default:
        return undefined;
    }
  }

  #writeObject(value: object, ancestors: object[]): unknown {
    if (ancestors.includes(value)) throw new ResultError("the result contains itself");
    if (ancestors.length >= MAX_DEPTH)
      throw new ResultError(`the result is nested more than ${MAX_DEPTH} deep`);
    if (value instanceof Map || value instanceof Set) throw new ResultError("a Map or Set is no JSON value");
    if (value instanceof Date)
      return this.write(Number.isNaN(value.getTime()) ? null : value.toISOString(), ancestors);
    ancestors.push(value);
    const plain = Array.isArray(value)
      ? this.#writeArray(value, ancestors)
      : this.#writeMembers(value as Record<string, unknown>, ancestors);
    ancestors.pop();
    return plain;
  }

  #writeArray(values: readonly unknown[], ancestors: object[]): unknown[] {
    const plain: unknown[] = [];
    this.#push("[");
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.#push(",");
      const written = this.write(values[i], ancestors);
      if (written === undefined) this.#push("null");
      plain.push(written ?? null);
    }
    this.#push("]");
    return plain;
  }

  #writeMembers(value: Record<string, unknown>, ancestors: object[]): Record<string, unknown> {
    const plain: Record<string, unknown> = {};
    let any = false;
    this.#push("{");
    for (const name of Object.keys(value)) {
      const member = value[name];
      const key = cleanText(name);
      if (Object.hasOwn(plain, key) || isNothing(member)) continue; // two keys may become one by cleaning
      this.#push(`${any ? "," : ""}${JSON.stringify(key)}:`);
      any = true;
      const written = this.write(member, ancestors);
      if (key === "__proto__")
        Object.defineProperty(plain, key, {
          value: written,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      else plain[key] = written;
    }
    this.#push("}");
    return plain;
  }
}

const isNothing = (value: unknown): boolean =>
  value === undefined || typeof value === "function" || typeof value === "symbol";
