import type { XmlElement } from "@larder/core";
import { readXml } from "./parsers/read-xml.js";

/**
 * Character data of an element, with blanks where tags stood, so that words do not run together. Without recursion:
 * how deep an item is nested is for its publisher to say.
 */
function characterData(xml: string): string {
  const texts: string[] = [];
  const pending: (XmlElement | string)[] = [readXml(xml)];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node === "string") texts.push(node);
    else for (let i = node.children.length - 1; i >= 0; i--) pending.push(node.children[i] ?? "");
  }
  return texts.join(" ");
}

/** Members of parsed data that hold words for people: CONTRACT's of all types, which other parsers may use too. */
const NAMES = ["title", "name", "fullName", "organization", "nick", "jid"];
const LISTS = ["tags", "categories", "nicknames", "emails", "reactions"];
const NAMED = ["author", "location"];
/** Lists of records whose strings are words for people. */
const PEOPLE = "coAuthors";
const LANGUAGES = "otherLanguages";
/** Long texts, which come last: an index holds the first words of an item. */
const TEXTS = ["summary", "note", "text"];
/** Members of such records that are no words. */
const NO_WORDS = new Set(["lang", "jid", "url", "email"]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** The strings that are there, in this value or in its list. */
const stringsOf = (value: unknown): string[] =>
  [value].flat().filter((entry): entry is string => typeof entry === "string");

/** The values of a form, whose fields have names of their own. */
const formTexts = (form: unknown): string[] => (isRecord(form) ? Object.values(form).flatMap(stringsOf) : []);

const recordTexts = (records: unknown): string[] =>
  (Array.isArray(records) ? records.filter(isRecord) : []).flatMap((record) =>
    Object.entries(record).flatMap(([name, value]) => (NO_WORDS.has(name) ? [] : stringsOf(value))),
  );

/**
 * What full-text search finds of an item: of a parsed one what people read in it (title, text, names, tags, values
 * of a form); of any other, and where there is none of these, its character data. Never mark-up.
 */
export function searchableText(xml: string, parsed: unknown): string {
  if (!isRecord(parsed)) return characterData(xml);
  const parts = [
    ...NAMES.flatMap((name) => (typeof parsed[name] === "string" ? [parsed[name]] : [])),
    ...LISTS.flatMap((name) => (Array.isArray(parsed[name]) ? stringsOf(parsed[name]) : [])),
    ...NAMED.flatMap((name) => (isRecord(parsed[name]) ? stringsOf(parsed[name].name) : [])),
    ...recordTexts(parsed[PEOPLE]),
    ...TEXTS.flatMap((name) => (typeof parsed[name] === "string" ? [parsed[name]] : [])),
    ...recordTexts(parsed[LANGUAGES]),
    ...formTexts(parsed.fields),
    ...(Array.isArray(parsed.items) ? parsed.items.flatMap(formTexts) : []),
  ];
  return parts.length > 0 ? parts.join("\n") : characterData(xml);
}
