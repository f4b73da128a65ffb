import { cleanText } from "./normalise-json.js";

const MAX_LENGTH = 500;

/** Words for whatever was thrown: storable, not too long, and never throwing itself. */
export function describeError(error: unknown): string {
  let text = "";
  try {
    text = error instanceof Error ? error.message || error.name : String(error);
  } catch {
    // A getter or toString that throws.
  }
  const cleaned = cleanText(String(text).slice(0, MAX_LENGTH)).trim();
  return cleaned === "" ? "the parser failed without saying why" : cleaned;
}
