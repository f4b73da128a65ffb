import { foldCase } from "./words.js";

/** SQLite reads JSON of up to 1,000 levels, and no search works while one row has more. */
const MAX_DEPTH = 200;

class TooDeepError extends Error {}

/** A copy of a JSON value with every string case-folded, keys excepted: what comparisons without case look into. */
function folded(value: unknown, depth: number): unknown {
  if (typeof value === "string") return foldCase(value);
  if (value === null || typeof value !== "object") return value;
  if (depth >= MAX_DEPTH) throw new TooDeepError();
  if (Array.isArray(value)) return value.map((entry) => folded(entry, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, folded(entry, depth + 1)]));
}

/** JSON as both engines can keep and search it, or why they cannot. */
export type StorableJson =
  | { readonly json: string; readonly folded: string; readonly refused?: undefined }
  | { readonly json?: undefined; readonly folded?: undefined; readonly refused: string };

/**
 * Makes ready what a parser gave.
 *
 * @param json JSON text without U+0000 and half surrogate pairs
 */
export function storableJson(json: string | undefined): StorableJson | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return { json, folded: JSON.stringify(folded(value, 0)) };
  } catch (error) {
    if (error instanceof TooDeepError)
      return { refused: `the parsed data is nested more than ${MAX_DEPTH} levels deep` };
    throw error;
  }
}
