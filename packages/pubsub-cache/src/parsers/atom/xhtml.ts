import type { XmlElement } from "@larder/core";
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

function attributesOf(element: XmlElement): string {
  const attributes: string[] = [];
  for (const [name, value] of Object.entries(element.attrs)) {
    const plain = name === "xml:lang" ? "lang" : name;
    if (value === undefined || plain.includes(":") || plain === "xmlns" || !/^[A-Za-z-]+$/.test(plain))
      continue;
    attributes.push(` ${plain.toLowerCase()}="${escapeAttribute(value)}"`);
  }
  return attributes.join("");
}

function write(node: XmlElement | string, depth: number): string {
  if (typeof node === "string") return escapeText(node);
  if (depth > MAX_DEPTH || node.getNS() !== NS_XHTML) return "";
  const name = node.getName().toLowerCase();
  if (!/^[a-z][a-z0-9]*$/.test(name)) return "";
  const start = `<${name}${attributesOf(node)}>`;
  if (VOID.has(name)) return start;
  return `${start}${node.children.map((child) => write(child, depth + 1)).join("")}</${name}>`;
}

/**
 * XHTML as HTML text, not sanitised: prefixes are resolved, other namespaces left out, and empty elements written
 * so that HTML does not take them for open ones (`<script/>` would swallow what follows).
 *
 * @param construct the Atom element of type `xhtml`; its single `<div/>` is not part of the content (RFC 4287
 *   §3.1.1.3), unless it says something about direction or language
 */
export function xhtmlToHtml(construct: XmlElement): string {
  return xhtmlContent(construct)
    .map((node) => write(node, 0))
    .join("");
}

/** What {@link xhtmlToHtml} writes. */
export function xhtmlContent(construct: XmlElement): readonly (XmlElement | string)[] {
  const elements = construct.getChildElements();
  const [only] = elements;
  const wrapper =
    elements.length === 1 && only?.getName() === "div" && only.getNS() === NS_XHTML ? only : undefined;
  const says = wrapper && ["dir", "lang", "xml:lang"].some((name) => wrapper.attrs[name] !== undefined);
  return wrapper && !says ? wrapper.children : construct.children;
}
