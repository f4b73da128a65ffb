import build from "@xmpp/xml";
import ltxParse from "ltx/lib/parse.js";
import { SaxesParser } from "saxes";
import { InvalidXmlError } from "../errors/errors.js";
import { parsedElement } from "./parsed-element.js";

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

/** Deeper than any payload; what is written out again is written by recursion. */
const MAX_DEPTH = 200;

/**
 * Parses XML that a person or program typed: one element, well-formed with declared namespaces, and
 * nothing that XMPP forbids in a stream (comments, processing instructions, document types, entity
 * declarations; RFC 6120 §11.1).
 *
 * @throws {InvalidXmlError} saying what is wrong and where
 */
export function parseUntrustedXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  // Thrown out of the parser: reading on would cost time that grows with the square of the depth.
  const refuse = (message: string) => {
    throw new InvalidXmlError(message);
  };
  // The tree is built from what is checked here: a second parser might read the same text differently.
  let root: XmlElement | undefined;
  let open: XmlElement | undefined;
  let depth = 0;
  parser.on("opentag", ({ name, attributes }) => {
    if (++depth > MAX_DEPTH) refuse(`elements are nested deeper than ${MAX_DEPTH}`);
    const attrs = Object.entries(attributes).map(([key, { value }]) => [key, value] as const);
    const element = parsedElement(name, Object.fromEntries(attrs));
    open?.append(element);
    root ??= element;
    open = element;
  });
  parser.on("closetag", () => {
    depth--;
    open = open?.parent ?? undefined;
  });
  parser.on("text", (text) => open?.append(text));
  parser.on("cdata", (text) => open?.append(text));
  parser.on("error", (error) => refuse(error.message));
  parser.on("comment", () => refuse("XMPP does not allow comments"));
  parser.on("processinginstruction", () => refuse("XMPP does not allow processing instructions"));
  parser.on("doctype", () => refuse("XMPP does not allow a document type"));
  parser.write(text.trim()).close();
  if (!root) throw new InvalidXmlError("there is no element");
  return root;
}

/** The namespace declarations that an element inherits: attribute name to namespace. */
function inheritedDeclarations(element: XmlElement): Map<string, string> {
  const declarations = new Map<string, string>();
  for (let above = element.parent; above; above = above.parent) {
    for (const [key, value] of Object.entries(above.attrs)) {
      if (value !== undefined && isDeclaration(key) && !declarations.has(key)) declarations.set(key, value);
    }
  }
  return declarations;
}

const isDeclaration = (attribute: string) => attribute === "xmlns" || attribute.startsWith("xmlns:");

/** The declaration that a name relies on; an attribute without a prefix relies on none (XML Names §6.2). */
function declarationFor(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? "xmlns" : `xmlns:${name.slice(0, colon)}`;
}

/**
 * Those of the inherited declarations that the element or something in it relies on. Each name is looked up once: a list of
 * declarations that is gone through at each element would cost the product of both.
 */
function missing(element: XmlElement, inherited: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>();
  /** Number of open elements that declare it anew. */
  const redeclared = new Map<string, number>();
  const visit = (at: XmlElement): void => {
    const names = Object.keys(at.attrs);
    const own = names.filter((name) => isDeclaration(name) && inherited.has(name));
    for (const name of own) redeclared.set(name, (redeclared.get(name) ?? 0) + 1);
    for (const name of [at.name, ...names.filter((key) => key.includes(":") && !isDeclaration(key))]) {
      const declaration = declarationFor(name);
      if (inherited.has(declaration) && !redeclared.get(declaration)) found.add(declaration);
    }
    for (const child of at.children) if (isElement(child)) visit(child);
    for (const name of own) redeclared.set(name, (redeclared.get(name) ?? 1) - 1);
  };
  visit(element);
  return found;
}

/**
 * Cuts an element loose from the stream it came in, keeping the namespaces it relies on, also those of
 * prefixes that an ancestor declares. Without this every kept stanza would keep its stream's root alive
 * through `parent`.
 */
export function detach<E extends XmlElement>(element: E): E {
  const inherited = inheritedDeclarations(element);
  const needed = inherited.size === 0 ? [] : missing(element, inherited);
  element.parent = null;
  for (const declaration of needed) element.attrs[declaration] = inherited.get(declaration);
  return element;
}
