import { NS_NICK } from "./namespaces.js";
import type { ParserItem } from "./parser.js";
import { oneLine, requirePayload } from "./payload.js";

/** The `parsed` of a nickname (CONTRACT, "Parsed data"). */
export type Nick = {
  /** On one line; empty where its owner has withdrawn it. */
  readonly nick: string;
};

/**
 * Reads a nickname (XEP-0172 §4.3).
 *
 * @throws {PayloadError} it is something else
 */
export default function parseNick({ payload }: ParserItem): Nick {
  requirePayload(payload, "nick", NS_NICK);
  return { nick: oneLine(payload.getText()) ?? "" };
}
