import type { XmlElement } from "@larder/core";
import { readAddress } from "@larder/core/address";
import sanitizeHtml from "sanitize-html";
import { readXml } from "../read-xml.js";

const INLINE =
  "a abbr b bdi bdo br cite code del dfn em i ins kbd mark q rp rt ruby s samp small span strong sub sup time u var wbr";
const BLOCKS =
  "article aside blockquote caption dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr img li ol p pre section summary table tbody td tfoot th thead tr ul";

const ALLOWED_ATTRIBUTES = {
  "*": ["dir", "lang"],
  a: ["href", "hreflang", "title"],
  abbr: ["title"],
  blockquote: ["cite"],
  del: ["datetime"],
  img: ["alt", "height", "src", "title", "width"],
  ins: ["datetime"],
  ol: ["start"],
  q: ["cite"],
  td: ["colspan", "rowspan"],
  th: ["colspan", "rowspan"],
  time: ["datetime"],
};

/** Elements whose text is no text of the post. */
const NOT_TEXT = [
  ...["script", "style", "textarea", "option", "noscript", "noembed", "noframes", "xmp", "plaintext"],
  ...["title", "template", "iframe", "object", "svg", "math", "head"],
];

/** Attributes that hold addresses, by element, and the schemes that are shown. */
const ADDRESSES: Readonly<Record<string, readonly [attribute: string, schemes: RegExp]>> = {
  a: ["href", /^(https?|mailto|xmpp):/i],
  blockquote: ["cite", /^https?:/i],
  q: ["cite", /^https?:/i],
  img: ["src", /^https?:/i],
};

/** Makes an address absolute, or drops it: a relative one would be taken for one of whoever shows the post. */
const resolving = (
  base: string | undefined,
  attribute: string,
  schemes: RegExp,
): sanitizeHtml.Transformer => {
  return (tagName, attribs) => {
    const { [attribute]: value, ...rest } = attribs;
    if (value === undefined) return { tagName, attribs };
    const address = readAddress(value, base);
    if (address === undefined || !schemes.test(address)) return { tagName, attribs: rest };
    return { tagName, attribs: { ...attribs, [attribute]: address } };
  };
};

const transformsTo = (base: string | undefined) =>
  Object.fromEntries(
    Object.entries(ADDRESSES).map(([tag, [attribute, schemes]]) => [
      tag,
      resolving(base, attribute, schemes),
    ]),
  );

const common: sanitizeHtml.IOptions = {
  allowedAttributes: ALLOWED_ATTRIBUTES,
  // Allowed attributes are dropped when empty (`alt` is not), so that the output is well-formed XML too.
  nonBooleanAttributes: [...new Set(Object.values(ALLOWED_ATTRIBUTES).flat())],
  allowedSchemes: ["http", "https", "mailto", "xmpp"],
  allowedSchemesByTag: { img: ["http", "https"] },
  allowProtocolRelative: false,
  nonTextTags: NOT_TEXT,
  nestingLimit: 100,
  transformTags: transformsTo(undefined),
  exclusiveFilter: ({ tag, attribs }) => tag === "img" && !attribs.src,
};

const forPosts: sanitizeHtml.IOptions = { ...common, allowedTags: `${INLINE} ${BLOCKS}`.split(" ") };
const forTitles: sanitizeHtml.IOptions = { ...common, allowedTags: INLINE.split(" ") };

const withBase = (options: sanitizeHtml.IOptions, base: string | undefined): sanitizeHtml.IOptions =>
  base === undefined ? options : { ...options, transformTags: transformsTo(base) };

/**
 * HTML from anybody made safe to show: structure, emphasis, tables, links (http, https, mailto, xmpp) and remote
 * images stay; scripts, styles, forms, frames, event handlers and classes go. The result is well-formed, and empty where
 * nothing stays.
 *
 * @param base what relative addresses refer to; without it they go
 */
export function sanitizePost(html: string, base?: string): string {
  return sanitizeHtml(html, withBase(forPosts, base)).trim();
}

/** As {@link sanitizePost}, but only what stands inside a line stays. */
export function sanitizeTitle(html: string, base?: string): string {
  return sanitizeHtml(html, withBase(forTitles, base)).replace(/\s+/g, " ").trim();
}

/** How many line breaks an element has before and after it; of neighbours the larger number counts. */
const DISTANCE = new Map<string, number>(
  Object.entries({
    2: "article aside blockquote details div dl figure footer h1 h2 h3 h4 h5 h6 header p pre section table",
    1: "caption dd dt figcaption hr li ol summary tr ul",
  }).flatMap(([lines, names]) => names.split(" ").map((name) => [name, Number(lines)] as const)),
);

/**
 * What a person would read in HTML from {@link sanitizePost}: paragraphs are separated by an empty line, lines
 * and list entries by a line break, images give their alternative text.
 */
export function htmlToText(sanitised: string): string {
  if (sanitised === "") return "";
  return nodesToText([readXml(`<root>${sanitised}</root>`)]);
}

/** The same of elements, before or after they were sanitised: of what stays in any case. */
export function nodesToText(nodes: readonly (XmlElement | string)[]): string {
  const writer = new TextWriter();
  for (const node of nodes) read(node, writer, false, 0);
  return writer.text;
}

/** What is nested deeper is no text of a post, and reading it would exhaust the stack. */
const MAX_DEPTH = 500;

function read(node: XmlElement | string, writer: TextWriter, preformatted: boolean, depth: number): void {
  if (typeof node === "string") {
    if (preformatted) writer.writeAsIs(node);
    else writer.write(node);
    return;
  }
  if (depth > MAX_DEPTH) return;
  const { name } = node;
  const distance = DISTANCE.get(name) ?? 0;
  writer.apart(distance);
  if (name === "br") writer.lineBreak();
  if (name === "img") writer.write(node.attrs.alt ?? "");
  if (name === "li") writer.startEntry();
  for (const child of node.children) read(child, writer, preformatted || name === "pre", depth + 1);
  if (name === "td" || name === "th") writer.write(" ");
  writer.apart(distance);
}

/** White space other than single blanks inside the text: most texts of a post have none. */
const TO_COLLAPSE = /^ | $| {2}|[\t\r\n\f]/;

/** Puts text together as it would be laid out: white space collapses, breaks count only between texts. */
class TextWriter {
  readonly #parts: string[] = [];
  #breaks = 0;
  #space = false;
  #prefix = "";

  get text(): string {
    return this.#parts.join("").trim();
  }

  /** What follows is at least so many line breaks away from what was written. */
  apart(lines: number): void {
    this.#breaks = Math.max(this.#breaks, lines);
  }

  lineBreak(): void {
    this.#breaks = Math.min(this.#breaks + 1, 2);
  }

  /** What follows is a list entry. */
  startEntry(): void {
    this.#prefix = "- ";
  }

  write(text: string): void {
    if (!TO_COLLAPSE.test(text)) {
      if (text !== "") this.#append(text);
      return;
    }
    for (const [index, word] of text.split(/[ \t\r\n\f]+/).entries()) {
      if (index > 0) this.#space = true;
      if (word !== "") this.#append(word);
    }
  }

  writeAsIs(text: string): void {
    if (text !== "") this.#append(text);
  }

  #append(text: string): void {
    const isFirst = this.#parts.length === 0;
    if (!isFirst && this.#breaks > 0) this.#parts.push("\n".repeat(this.#breaks));
    else if (!isFirst && this.#space) this.#parts.push(" ");
    this.#parts.push(this.#prefix, text);
    this.#breaks = 0;
    this.#space = false;
    this.#prefix = "";
  }
}
