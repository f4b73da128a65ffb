import type { XmlElement } from "@larder/core";
import { PayloadError } from "./parser.js";

/** @throws {PayloadError} the payload is another element */
export function requirePayload(payload: XmlElement, name: string, namespace: string): void {
  if (payload.is(name, namespace)) return;
  throw new PayloadError(
    "payload",
    `{${payload.getNS() ?? ""}}${payload.getName()} is no ${name} of ${namespace}`,
  );
}

/** Text on one line; undefined where there is none. */
export function oneLine(text: string | null | undefined): string | undefined {
  return text?.replace(/\s+/g, " ").trim() || undefined;
}

/** A whole number of an attribute, not negative; undefined where it is missing or no such number. */
export function wholeNumber(text: string | undefined): number | undefined {
  return /^\s*\d{1,15}\s*$/.test(text ?? "") ? Number(text) : undefined;
}

/** XML Schema's booleans (XEP-0402 §2 and XEP-0004 §3.3 refer to them). */
export const isTrue = (text: string | undefined): boolean =>
  ["1", "true"].includes(text?.trim().toLowerCase() ?? "");
