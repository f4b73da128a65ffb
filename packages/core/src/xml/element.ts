import build from "@xmpp/xml";
import ltxParse from "ltx/lib/parse.js";
import { SaxesParser } from "saxes";
import { InvalidXmlError } from "../errors/errors.js";

/**
 * An XML element as xmpp.js makes it (ltx). Namespaces are those of RFC 6120: an `xmlns` attribute,
 * inherited from the parent where absent.
 */
export interface XmlElement {
  name: string;
  attrs: Record<string, string | undefined>;
  children: (XmlElement | string)[];
  parent: XmlElement | null;
  is(name: string, xmlns?: string): boolean;
  getName(): string;
  getNS(): string | undefined;
  getChild(name: string, xmlns?: string): XmlElement | undefined;
  getChildren(name: string, xmlns?: string): XmlElement[];
  getChildElements(): XmlElement[];
  getChildText(name: string, xmlns?: string): string | null;
  getText(): string;
  text(): string;
  append(...nodes: (XmlElement | string)[]): XmlElement;
  t(text: string): XmlElement;
  toString(): string;
}

/** What may stand as a child in {@link xml}: nothing is rendered for null, undefined and false. */
export type XmlChild = XmlElement | string | number | null | undefined | false;

/** Builds an element; attributes whose value is undefined are left out. */
export function xml(
  name: string,
  attrs: Record<string, string | number | undefined> = {},
  ...children: (XmlChild | XmlChild[])[]
): XmlElement {
  const given = Object.fromEntries(Object.entries(attrs).filter(([, value]) => value !== undefined));
  const nodes = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  return build(name, given, ...nodes);
}

/** True for element children, false for text. */
export function isElement(node: XmlElement | string): node is XmlElement {
  return typeof node !== "string";
}

/**
 * Parses XML that this program wrote or has already checked (a stored stanza, an item).
 *
 * @throws {InvalidXmlError} the text is not one element
 */
export function parseTrustedXml(text: string): XmlElement {
  try {
    return ltxParse(text);
  } catch (error) {
    throw new InvalidXmlError("the XML cannot be read", { cause: error });
  }
}

/**
 * Parses XML that a person or program typed: one element, well-formed with declared namespaces, and
 * nothing that XMPP forbids in a stream (comments, processing instructions, document types, entity
 * declarations; RFC 6120 §11.1).
 *
 * @throws {InvalidXmlError} saying what is wrong and where
 */
export function parseUntrustedXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  let problem: string | undefined;
  const fail = (message: string) => {
    problem ??= message;
  };
  parser.on("error", (error) => fail(error.message));
  parser.on("comment", () => fail("XMPP does not allow comments"));
  parser.on("processinginstruction", () => fail("XMPP does not allow processing instructions"));
  parser.on("doctype", () => fail("XMPP does not allow a document type"));
  try {
    parser.write(text).close();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  if (problem !== undefined) throw new InvalidXmlError(problem);
  return parseTrustedXml(text.replace(/^\s*<\?xml[^>]*\?>/, "").trim());
}

/**
 * Cuts an element loose from the stream it came in, keeping its namespace. Without this every kept
 * stanza would keep its stream's root alive through `parent`.
 */
export function detach<E extends XmlElement>(element: E): E {
  const namespace = element.getNS();
  element.parent = null;
  if (namespace !== undefined && element.attrs.xmlns === undefined && !element.name.includes(":")) {
    element.attrs.xmlns = namespace;
  }
  return element;
}
