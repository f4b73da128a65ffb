import { type PreparedItem, prepareItem } from "@larder/storage/prepare";
import { searchableText } from "../item-text.js";
import type { JsonValue, Parser, ParserContext, ParserItem } from "../parsers/parser.js";
import { readXml } from "../parsers/read-xml.js";
import { describeError } from "./describe-error.js";
import { type NormalJson, normaliseJson } from "./normalise-json.js";
import type { ParseOutcome, ParseRequest, ParserModule } from "./protocol.js";

/** Loads a parser; each version of a module is a module of its own, so that a new one is not the old one again. */
export async function loadParser({
  module,
  version,
}: Pick<ParserModule, "module" | "version">): Promise<Parser> {
  const url = new URL(module);
  url.searchParams.set("version", version); // a module is loaded once for each URL
  const { default: parser } = (await import(url.href)) as { default?: unknown };
  if (typeof parser !== "function") throw new TypeError("the module has no function as its default export");
  return parser as Parser;
}

/** Note of parsed data whose text is longer than what a search looks through. */
const CUT = "text: searches find the first 15,000 words alone";

const isRecord = (value: unknown): value is JsonRecord =>
  value !== null && typeof value === "object" && !Array.isArray(value);
type JsonRecord = { readonly [key: string]: JsonValue | undefined };

/** What comes of every item when its parser cannot be loaded. */
export const notLoaded = (error: unknown): string => `the parser cannot be loaded: ${describeError(error)}`;

/** One item through a parser: its JSON, or what went wrong, and what searches need of it either way. */
export async function parseItem(
  parser: Parser,
  request: ParseRequest,
  maxBytes: number,
): Promise<ParseOutcome> {
  const { xml, ...context } = request;
  let normal: NormalJson;
  try {
    normal = normaliseJson(await parser(readItem(xml, context), context), maxBytes);
  } catch (error) {
    return { ok: false, error: describeError(error), prepared: prepareText(xml) };
  }
  const text = searchableText(xml, normal.value);
  const prepared = prepareItem(normal.json, text, normal.value);
  if (prepared.refused !== undefined)
    return { ok: false, error: prepared.refused, prepared: { words: prepared.words } };
  const noted = prepared.isCut ? withNote(normal.value, maxBytes) : undefined;
  if (!noted) return { ok: true, json: normal.json, prepared };
  return { ok: true, json: noted.json, prepared: prepareItem(noted.json, text, noted.value) };
}

/** Parsed data with the note that its text is cut; undefined if there is no place for one. */
function withNote(value: unknown, maxBytes: number): NormalJson | undefined {
  if (!isRecord(value)) return undefined;
  const notes = Array.isArray(value.notes) ? value.notes : [];
  try {
    return normaliseJson({ ...value, notes: [...notes, CUT] }, maxBytes);
  } catch {
    return undefined; // it is as large as it may be without the note
  }
}

/** What searches need of an item that has no parsed data; undefined where it is no XML. */
export function prepareText(xml: string): PreparedItem<string> | undefined {
  try {
    return prepareItem(undefined, searchableText(xml, undefined));
  } catch {
    return undefined;
  }
}

function readItem(xml: string, context: ParserContext): ParserItem {
  const item = readXml(xml);
  if (item.getName() !== "item") throw new Error("this is no pubsub item");
  const [payload] = item.getChildElements();
  if (!payload) throw new Error("the item has no payload");
  const publisher = item.attrs.publisher ?? context.publisher;
  return { id: item.attrs.id ?? "", xml, payload, ...(publisher !== undefined && { publisher }) };
}
