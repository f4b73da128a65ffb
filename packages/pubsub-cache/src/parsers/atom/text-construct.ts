import type { XmlElement } from "@larder/core";
import { PayloadError } from "../parser.js";
import { htmlToText, nodesToText, sanitizePost, sanitizeTitle } from "./html.js";
import { objectionTo } from "./markup-limits.js";
import { NS_ATOM, NS_XHTML } from "./namespaces.js";
import { plainMarkup } from "./plain-markup.js";
import { xhtmlContent, xhtmlToHtml } from "./xhtml.js";

/** A text construct (RFC 4287 §3.1), of which an entry may hold a plain and a marked-up version (XEP-0472 §4.2). */
export interface TextConstruct {
  /** For people: the plain version, else what the other says without its mark-up. Empty where there is nothing. */
  readonly text: string;
  /** Sanitised. */
  readonly html?: string;
}

function kindOf(element: XmlElement): "text" | "html" | "xhtml" | undefined {
  const type = (element.attrs.type ?? "text").trim().toLowerCase();
  if (type === "text" || type === "text/plain") return "text";
  if (type === "html" || type === "text/html") return "html";
  if (type === "xhtml" || type === "application/xhtml+xml") return "xhtml";
  return undefined; // another media type, or content that is elsewhere (`src`)
}

/**
 * Reads all elements of one name that stand in an entry.
 *
 * @throws {PayloadError} there is far too much mark-up
 * @param place `title` keeps only mark-up inside a line, and puts the text on one line
 */
export function readTextConstruct(entry: XmlElement, name: string, place: "title" | "body"): TextConstruct {
  const versions = new Map<string, XmlElement>();
  for (const element of entry.getChildren(name, NS_ATOM)) {
    const kind = kindOf(element);
    if (kind !== undefined && !versions.has(kind)) versions.set(kind, element);
  }
  const xhtml = versions.get("xhtml");
  const plain = versions.get("text")?.getText().replaceAll("\r\n", "\n").trim();
  const whole = xhtml && place === "body" ? readPlain(xhtml) : undefined;
  if (whole) return { text: plain || whole.text, ...(whole.html !== "" && { html: whole.html }) };
  const markup = xhtml ? xhtmlToHtml(xhtml) : versions.get("html")?.getText();
  const objection = objectionTo(markup ?? "");
  if (objection !== undefined) throw new PayloadError(name, objection);
  const sanitize = place === "title" ? sanitizeTitle : sanitizePost;
  const html = markup === undefined ? "" : sanitize(markup);
  const text = plain || htmlToText(html);
  return { text: place === "title" ? text.replace(/\s+/g, " ") : text, ...(html !== "" && { html }) };
}

/** Content in which there is nothing to sanitise is neither written nor read as HTML. */
function readPlain(xhtml: XmlElement): { html: string; text: string } | undefined {
  const nodes = xhtmlContent(xhtml);
  // Of what an element inherits: the content is in the namespace of the element around it.
  const elements = nodes.filter((node) => typeof node !== "string");
  const around = elements[0]?.parent;
  const isXhtml =
    around === xhtml
      ? elements.every((element) => element.getNS() === NS_XHTML)
      : around === undefined || around === null || around.getNS() === NS_XHTML;
  const html = isXhtml ? plainMarkup(nodes) : undefined;
  return html === undefined ? undefined : { html, text: nodesToText(nodes) };
}
