import type { XmlElement } from "@larder/core";
import { baseOf } from "./base.js";
import { htmlToText, nodesToText, sanitizePost, sanitizeTitle } from "./html.js";
import { languageOf } from "./language.js";
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
  /** Its texts in other languages. */
  readonly others: readonly TextInLanguage[];
  /** Notes on parts of it that could not be read. */
  readonly notes: readonly string[];
}

export interface TextInLanguage {
  readonly lang?: string;
  readonly text: string;
}

type Kind = "text" | "html" | "xhtml";

/** Languages of one construct that are read beside the first. */
const MAX_OTHERS = 20;
/** Of content in an XML format, or of no known type: what stands between its tags. */
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** The kind of a construct; undefined if it is no text: another media type in base64 (RFC 4287 §4.1.3.3), or elsewhere. */
function kindOf(element: XmlElement): Kind | undefined {
  const type = (element.attrs.type ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "html" || type === "text/html") return "html";
  if (type === "xhtml" || type === "application/xhtml+xml") return "xhtml";
  if (type === "" || type === "text" || type.startsWith("text/")) return "text";
  if (element.attrs.src !== undefined) return undefined;
  return element.getChildElements().length === 0 && BASE64.test(element.getText()) ? undefined : "text";
}

/** Character data of an element and of all in it: some write mark-up where plain text is announced. */
function plainText(element: XmlElement): string {
  const isPlain = element.getChildElements().length === 0;
  const text = isPlain ? element.getText() : nodesToText(element.children);
  return text.replaceAll("\r\n", "\n").trim();
}

/** Content of one element. */
function readVersion(element: XmlElement, kind: Kind, place: "title" | "body") {
  if (kind === "text") return { text: plainText(element) };
  const whole = kind === "xhtml" && place === "body" ? readPlain(element) : undefined;
  if (whole) return whole;
  const markup = kind === "xhtml" ? xhtmlToHtml(element) : element.getText();
  const objection = objectionTo(markup);
  if (objection !== undefined) return { text: "", objection };
  // The addresses of XHTML are resolved already, with the bases inside it.
  const base = kind === "html" ? baseOf(element) : undefined;
  const html = place === "title" ? sanitizeTitle(markup, base) : sanitizePost(markup, base);
  return { text: htmlToText(html), html };
}

/**
 * Reads all elements of one name that stand in an entry: the first of each kind, in the language of the first. What there is
 * far too much mark-up of is left out with a note.
 *
 * @param place `title` keeps only mark-up inside a line, and puts the text on one line
 */
export function readTextConstruct(entry: XmlElement, name: string, place: "title" | "body"): TextConstruct {
  const inLine = (text: string) => (place === "title" ? text.replace(/\s+/g, " ").trim() : text);
  const versions = new Map<Kind, XmlElement>();
  const others: TextInLanguage[] = [];
  const notes: string[] = [];
  let language: string | undefined;
  for (const element of entry.getChildren(name, NS_ATOM)) {
    const kind = kindOf(element);
    if (kind === undefined) continue;
    const lang = languageOf(element);
    // One of two versions often states no language: it is the other's.
    const isSame = lang === undefined || language === undefined || lang === language;
    if (isSame && !versions.has(kind)) {
      versions.set(kind, element);
      language ??= lang;
    } else if (lang !== language && others.length < MAX_OTHERS) {
      const text = inLine(readVersion(element, kind, place).text);
      if (text !== "") others.push({ ...(lang !== undefined && { lang }), text });
    }
  }
  const markedUp = versions.get("xhtml") ?? versions.get("html");
  const marked = markedUp && readVersion(markedUp, versions.has("xhtml") ? "xhtml" : "html", place);
  if (marked && "objection" in marked) notes.push(`${name}: ${marked.objection}`);
  const plainElement = versions.get("text");
  const plain = plainElement && plainText(plainElement);
  const html = marked && "html" in marked ? marked.html : "";
  return {
    text: inLine(plain || marked?.text || ""),
    ...(html && { html }),
    others,
    notes,
  };
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
