import { foldCase } from "./words.js";

/** SQLite reads JSON of up to 1,000 levels, and no search works while one row has more. */
const MAX_DEPTH = 200;

class TooDeepError extends Error {}

/**
 * A JSON value as text with every string case-folded, keys excepted: what comparisons without case look into. Written
 * here, not by JSON.stringify: this may run beside a parser that has put a toJSON on a prototype.
 */
function foldedJson(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(foldCase(value));
  if (value === null || typeof value !== "object") return String(value);
  if (depth >= MAX_DEPTH) throw new TooDeepError();
  let members = "";
  if (Array.isArray(value)) {
    for (const entry of value) members += `${members && ","}${foldedJson(entry, depth + 1)}`;
    return `[${members}]`;
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    members += `${members && ","}${JSON.stringify(key)}:${foldedJson(member, depth + 1)}`;
  }
  return `{${members}}`;
}

/** JSON as both engines can keep and search it, or why they cannot. */
export type StorableJson =
  | { readonly json: string; readonly folded: string; readonly refused?: undefined }
  | { readonly json?: undefined; readonly folded?: undefined; readonly refused: string };

/**
 * Makes ready what a parser gave.
 *
 * @param json JSON text without U+0000 and half surrogate pairs
 * @param value what it says, where that is at hand
 */
export function storableJson(
  json: string | undefined,
  value: unknown = json === undefined ? undefined : JSON.parse(json),
): StorableJson | undefined {
  if (json === undefined) return undefined;
  try {
    return { json, folded: foldedJson(value, 0) };
  } catch (error) {
    if (error instanceof TooDeepError)
      return { refused: `the parsed data is nested more than ${MAX_DEPTH} levels deep` };
    throw error;
  }
}
