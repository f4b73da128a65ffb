import type { XmlElement } from "@larder/core";
import { type Author, readAuthors } from "./atom/author.js";
import { firstDate } from "./atom/dates.js";
import { languageOf } from "./atom/language.js";
import {
  type Attachment,
  type CommentsNode,
  type Link,
  type PostReference,
  readAttachments,
  readComments,
  readLinks,
  readRepeatOf,
  readReplyTo,
} from "./atom/links.js";
import { NS_ATOM } from "./atom/namespaces.js";
import { readTextConstruct, type TextConstruct } from "./atom/text-construct.js";
import { type ParserContext, type ParserItem, PayloadError } from "./parser.js";

/** The `parsed` of a blog post or comment (CONTRACT, "Parsed data"). Times are ISO 8601 UTC with milliseconds. */
export type BlogPost = {
  readonly id: string;
  /** On one line; empty where the entry has none. */
  readonly title: string;
  /** Sanitised, mark-up inside a line only. */
  readonly titleHtml?: string;
  /** For people and for search: the content, else the summary, else the title. */
  readonly text: string;
  /** Sanitised. */
  readonly html?: string;
  readonly summary?: string;
  readonly author: Author;
  readonly published: string;
  readonly updated: string;
  readonly tags: readonly string[];
  readonly lang?: string;
  readonly links: readonly Link[];
  readonly comments: readonly CommentsNode[];
  readonly replyTo?: PostReference;
  readonly repeatOf?: PostReference;
  readonly attachments: readonly Attachment[];
  /** Authors beside the first. */
  readonly coAuthors?: readonly Omit<Author, "verified">[];
  /** Texts of the post in other languages than its own. */
  readonly otherLanguages?: readonly OtherLanguage[];
  /** Notes on parts that could not be read, and what stands in for them. */
  readonly notes?: readonly string[];
};

/** One text of a post in another language. */
export type OtherLanguage = {
  readonly lang?: string;
  readonly title?: string;
  readonly text?: string;
};

/** Tags of a post that are read. */
const MAX_TAGS = 500;

/** One date stands in for the other, and the time of the item for both. */
function readDates(entry: XmlElement, created: string | undefined) {
  const text = (name: string) => entry.getChildText(name, NS_ATOM);
  const own = firstDate("published", [text("published")]);
  const updated = firstDate("updated", [text("updated")]);
  const published = own.date ?? updated.date ?? created;
  if (published === undefined) throw new PayloadError("published", "the entry has no date that can be read");
  const used = own.date
    ? []
    : [`published: ${updated.date ? "updated" : "the time of the item"} stands in for it`];
  return {
    published,
    updated: updated.date ?? published,
    notes: [own.note, updated.note, ...(updated.date && !own.note ? [] : used)].filter(
      (note) => note !== undefined,
    ),
  };
}

function readTags(entry: XmlElement): string[] {
  const terms = entry
    .getChildren("category", NS_ATOM)
    .slice(0, MAX_TAGS)
    .map(({ attrs }) => (attrs.term ?? attrs.label ?? "").trim());
  return [...new Set(terms.filter((term) => term !== ""))];
}

/** Of each language what it says; titles and texts that state the same one belong together. */
function readOtherLanguages(title: TextConstruct, texts: readonly TextConstruct[]): OtherLanguage[] {
  const byLanguage = new Map<string | undefined, { lang?: string; title?: string; text?: string }>();
  const at = (lang: string | undefined) => {
    const known = byLanguage.get(lang) ?? (lang === undefined ? {} : { lang });
    byLanguage.set(lang, known);
    return known;
  };
  for (const { lang, text } of title.others) at(lang).title ??= text;
  for (const { lang, text } of texts.flatMap(({ others }) => others)) at(lang).text ??= text;
  return [...byLanguage.values()];
}

/** The language of the entry, else of its content, else of its title. */
function readLanguage(entry: XmlElement): string | undefined {
  const elements = [entry, entry.getChild("content", NS_ATOM), entry.getChild("title", NS_ATOM)];
  return elements.map(languageOf).find((lang) => lang !== undefined);
}

/**
 * Reads a microblog post or comment (XEP-0277 §2, §3; XEP-0472 §4): an Atom entry. One part that cannot be read costs that
 * part alone, with a note.
 *
 * @throws {PayloadError} it is no Atom entry (the item `0` of XEP-0277 §5 is a feed), or it has no date that can be read and
 *   nobody knows when the item was made
 */
export default function parseAtomEntry(item: ParserItem, context: ParserContext): BlogPost {
  const entry = item.payload;
  if (!entry.is("entry", NS_ATOM))
    throw new PayloadError("payload", `{${entry.getNS() ?? ""}}${entry.getName()} is no Atom entry`);
  const title = readTextConstruct(entry, "title", "title");
  const content = readTextConstruct(entry, "content", "body");
  const summary = readTextConstruct(entry, "summary", "body");
  const lang = readLanguage(entry);
  const links = readLinks(entry);
  const replyTo = readReplyTo(entry);
  const repeatOf = readRepeatOf(entry);
  const { notes: ofDates, ...dates } = readDates(entry, context.created);
  const { author, others } = readAuthors(entry, item.publisher ?? context.publisher);
  const otherLanguages = readOtherLanguages(title, [content, summary]);
  const notes = [...ofDates, ...title.notes, ...content.notes, ...summary.notes];
  return {
    id: item.id,
    title: title.text,
    ...(title.html !== undefined && { titleHtml: title.html }),
    text: content.text || summary.text || title.text,
    ...(content.html !== undefined && { html: content.html }),
    ...(summary.text !== "" && { summary: summary.text }),
    author,
    ...dates,
    tags: readTags(entry),
    ...(lang !== undefined && { lang }),
    links,
    comments: readComments(links),
    ...(replyTo && { replyTo }),
    ...(repeatOf && { repeatOf }),
    attachments: readAttachments(entry),
    ...(others.length > 0 && { coAuthors: others }),
    ...(otherLanguages.length > 0 && { otherLanguages }),
    ...(notes.length > 0 && { notes }),
  };
}
