import type { XmlElement } from "@larder/core";
import { readAddress, readWebAddress } from "@larder/core/address";
import { baseOf } from "./base.js";
import { NS_XHTML } from "./namespaces.js";

const VOID = new Set([
  "area",
  "base",
  "br",
  "col",
  "embed",
  "hr",
  "img",
  "input",
  "link",
  "meta",
  "source",
  "wbr",
]);
const MAX_DEPTH = 200;

const escapeText = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const escapeAttribute = (text: string) => escapeText(text).replaceAll('"', "&quot;");

/** Attributes that hold addresses. */
const ADDRESSES = new Set(["cite", "href", "src"]);

/** @param base of the element; the sanitiser knows the one of the whole construct alone */
function attributesOf(element: XmlElement, base: string | undefined): string {
  const attributes: string[] = [];
  for (const [name, written] of Object.entries(element.attrs)) {
    const value =
      base !== undefined && ADDRESSES.has(name) ? (readAddress(written, base) ?? written) : written;
    const plain = name === "xml:lang" ? "lang" : name;
    if (value === undefined || plain.includes(":") || plain === "xmlns" || !/^[A-Za-z-]+$/.test(plain))
      continue;
    attributes.push(` ${plain.toLowerCase()}="${escapeAttribute(value)}"`);
  }
  return attributes.join("");
}

function write(node: XmlElement | string, depth: number, outer?: string): string {
  if (typeof node === "string") return escapeText(node);
  if (depth > MAX_DEPTH || node.getNS() !== NS_XHTML) return "";
  const name = node.getName().toLowerCase();
  if (!/^[a-z][a-z0-9]*$/.test(name)) return "";
  const own = node.attrs["xml:base"];
  const base = own === undefined ? outer : (readWebAddress(own, outer) ?? outer);
  const start = `<${name}${attributesOf(node, base)}>`;
  if (VOID.has(name)) return start;
  return `${start}${node.children.map((child) => write(child, depth + 1, base)).join("")}</${name}>`;
}

/**
 * XHTML as HTML text, not sanitised: prefixes are resolved, other namespaces left out, and empty elements written
 * so that HTML does not take them for open ones (`<script/>` would swallow what follows). Addresses are resolved by `xml:base`.
 *
 * @param construct the Atom element of type `xhtml`; its single `<div/>` is not part of the content (RFC 4287
 *   §3.1.1.3), unless it says something about direction or language
 */
export function xhtmlToHtml(construct: XmlElement): string {
  const base = baseOf(wrapperOf(construct) ?? construct);
  return xhtmlContent(construct)
    .map((node) => write(node, 0, base))
    .join("");
}

/** What {@link xhtmlToHtml} writes. */
export const xhtmlContent = (construct: XmlElement): readonly (XmlElement | string)[] =>
  (wrapperOf(construct) ?? construct).children;

/** The `<div/>` that is not part of the content. */
function wrapperOf(construct: XmlElement): XmlElement | undefined {
  const elements = construct.getChildElements();
  const [only] = elements;
  if (elements.length !== 1 || only?.getName() !== "div" || only.getNS() !== NS_XHTML) return undefined;
  const says = ["dir", "lang", "xml:lang"].some((name) => only.attrs[name] !== undefined);
  return says ? undefined : only;
}
