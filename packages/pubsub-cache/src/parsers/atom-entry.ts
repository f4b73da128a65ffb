import type { XmlElement } from "@larder/core";
import { type Author, readAuthor } from "./atom/author.js";
import { readDate } from "./atom/dates.js";
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
import { readTextConstruct } from "./atom/text-construct.js";
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
};

function readDates(entry: XmlElement): { published: string; updated: string } {
  const read = (name: string) => {
    const text = entry.getChildText(name, NS_ATOM)?.trim();
    return text ? readDate(name, text) : undefined;
  };
  const published = read("published");
  const updated = read("updated");
  const date = published ?? updated;
  if (date === undefined) throw new PayloadError("published", "the entry has no date, and no updated either");
  return { published: date, updated: updated ?? date };
}

function readTags(entry: XmlElement): string[] {
  const terms = entry
    .getChildren("category", NS_ATOM)
    .map(({ attrs }) => (attrs.term ?? attrs.label ?? "").trim());
  return [...new Set(terms.filter((term) => term !== ""))];
}

/** The language of the entry, else of its content, else of its title. */
function readLanguage(entry: XmlElement): string | undefined {
  const elements = [entry, entry.getChild("content", NS_ATOM), entry.getChild("title", NS_ATOM)];
  return elements
    .map((element) => element?.attrs["xml:lang"]?.trim())
    .find((lang) => lang !== undefined && /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(lang));
}

/**
 * Reads a microblog post or comment (XEP-0277 §2, §3; XEP-0472 §4): an Atom entry.
 *
 * @throws {PayloadError} it is no Atom entry (the item `0` of XEP-0277 §5 is a feed), it has no date, or one that
 *   cannot be read
 */
export default function parseAtomEntry(item: ParserItem, context: ParserContext): BlogPost {
  const entry = item.payload;
  if (!entry.is("entry", NS_ATOM))
    throw new PayloadError("payload", `{${entry.getNS() ?? ""}}${entry.getName()} is no Atom entry`);
  const title = readTextConstruct(entry, "title", "title");
  const content = readTextConstruct(entry, "content", "body");
  const summary = readTextConstruct(entry, "summary", "body").text;
  const lang = readLanguage(entry);
  const links = readLinks(entry);
  const replyTo = readReplyTo(entry);
  const repeatOf = readRepeatOf(entry);
  return {
    id: item.id,
    title: title.text,
    ...(title.html !== undefined && { titleHtml: title.html }),
    text: content.text || summary || title.text,
    ...(content.html !== undefined && { html: content.html }),
    ...(summary !== "" && { summary }),
    author: readAuthor(entry, item.publisher ?? context.publisher),
    ...readDates(entry),
    tags: readTags(entry),
    ...(lang !== undefined && { lang }),
    links,
    comments: readComments(links),
    ...(replyTo && { replyTo }),
    ...(repeatOf && { repeatOf }),
    attachments: readAttachments(entry),
  };
}
