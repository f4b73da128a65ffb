import { foldCase } from "./words.js";

/** A copy of a JSON value with every string case-folded, keys excepted: what comparisons without case look into. */
export function foldJson(value: unknown): unknown {
  if (typeof value === "string") return foldCase(value);
  if (Array.isArray(value)) return value.map(foldJson);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, foldJson(entry)]));
  }
  return value;
}
