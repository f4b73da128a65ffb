import type { XmlElement } from "@larder/core";
import { readXml } from "../read-xml.js";
import { sanitiseHtml } from "./sanitise.js";

/**
 * HTML from anybody made safe to show: structure, emphasis, tables, links (http, https, mailto, xmpp) and remote
 * images stay; scripts, styles, forms, frames, event handlers and classes go. The result is well-formed, and empty where
 * nothing stays.
 *
 * @param base what relative addresses refer to; without it they go
 */
export const sanitizePost = (html: string, base?: string): string => sanitiseHtml(html, "post", base).trim();

/** As {@link sanitizePost}, but only what stands inside a line stays. */
export const sanitizeTitle = (html: string, base?: string): string =>
  sanitiseHtml(html, "title", base).replace(/\s+/g, " ").trim();

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

/** Deeper nesting is no text of a post, and reading it would exhaust the stack. */
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
