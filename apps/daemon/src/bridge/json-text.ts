/**
 * A value that is JSON text already, in parts, and goes out as it is. What the database keeps as JSON would else be
 * read and written again for each answer, which is most of what a page of items costs.
 */
export class JsonText {
  /** @param parts text, or UTF-8 */
  constructor(readonly parts: readonly (string | Uint8Array)[]) {}
}

interface Answer {
  readonly result: JsonText;
  readonly jsonrpc: string;
}

/** An answer has `jsonrpc` and `id` besides, so that a comma may follow them. */
const hasJsonText = (value: unknown): value is Answer =>
  (value as { result?: unknown } | null)?.result instanceof JsonText;

function* partsOf({ result, ...rest }: Answer): Generator<string | Uint8Array> {
  yield `${JSON.stringify(rest).slice(0, -1)},"result":`;
  yield* result.parts;
  yield "}";
}

/** An answer, or a batch of answers, as one line: the result of each may be {@link JsonText}. */
export function lineOf(value: unknown): string | Buffer {
  if (hasJsonText(value)) return encode([...partsOf(value), "\n"]);
  if (!Array.isArray(value) || !value.some(hasJsonText)) return `${JSON.stringify(value)}\n`;
  const parts = value.flatMap((answer: unknown, at) => [
    at === 0 ? "[" : ",",
    ...(hasJsonText(answer) ? partsOf(answer) : [JSON.stringify(answer)]),
  ]);
  return encode([...parts, "]\n"]);
}

/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3;
/** Up to so many bytes of memory a line is encoded into one piece of it. */
const MOST_AT_ONCE = 512 * 1024 * MOST_BYTES;

/** Memory of a line that has gone out: to get hundreds of kilobytes anew costs more than to fill them. */
let spare: Buffer | undefined;

/** A line has gone out, or never will: what {@link lineOf} made it in may be used again. */
export function lineIsOver(line: string | Buffer): void {
  if (typeof line === "string") return;
  const whole = Buffer.from(line.buffer);
  if (whole.length <= MOST_AT_ONCE && whole.length > (spare?.length ?? 0)) spare = whole;
}

/** Part by part: as one text, all would be as wide as the widest character in it, and cost twice as much. */
function encode(parts: readonly (string | Uint8Array)[]): Buffer {
  const room = parts.reduce(
    (sum, part) => sum + (typeof part === "string" ? part.length * MOST_BYTES : part.length),
    0,
  );
  if (room > MOST_AT_ONCE)
    return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  const bytes = spare && spare.length >= room ? spare : Buffer.allocUnsafeSlow(room);
  if (bytes === spare) spare = undefined;
  let end = 0;
  for (const part of parts) {
    if (typeof part === "string") end += bytes.write(part, end);
    else {
      bytes.set(part, end);
      end += part.length;
    }
  }
  return bytes.subarray(0, end);
}
