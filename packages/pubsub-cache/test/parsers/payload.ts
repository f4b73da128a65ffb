import { parseTrustedXml } from "@larder/core";
import { type Parser, type ParserItem, PayloadError } from "../../dist/parsers/index.js";

/** The item that holds this payload, as a parser gets it. */
export function itemWith(payload: string, id = "current"): ParserItem {
  const xml = `<item xmlns="http://jabber.org/protocol/pubsub" id="i">${payload}</item>`;
  const [element] = parseTrustedXml(xml).getChildElements();
  if (!element) throw new Error("no payload");
  return { id, xml, payload: element };
}

const context = { service: "alice@larder.test", node: "n" };

/** What a parser makes of a payload; the message where it refuses it. */
export function parsed(
  parser: (...args: Parameters<Parser>) => unknown,
  payload: string,
  id?: string,
): unknown {
  try {
    return parser(itemWith(payload, id), context);
  } catch (error) {
    if (error instanceof PayloadError) return error.message;
    throw error;
  }
}
