import type { XmlElement } from "@larder/core/xml";
import { NS_XHTML } from "./namespaces.js";

const INLINE = new Set(
  "abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup u var".split(" "),
);
/** Blocks in which text stands. An HTML parser would end a paragraph where another block begins in it. */
const OF_TEXT = new Set("p h1 h2 h3 h4 h5 h6".split(" "));
const OF_BLOCKS = new Set("blockquote div section".split(" "));
const LISTS = new Set(["ol", "ul"]);

const MAX_DEPTH = 20;
const MAX_LENGTH = 256 * 1024;

/** What is written in another way in HTML than here, or in one that depends on what stands beside it. */
const NEEDS_ESCAPING = /[&<>\r]/;
/** An address in which nothing is hidden: no white space, quotes, references or characters beyond ASCII. */
const PLAIN_ADDRESS = /^(?:https?:\/\/|mailto:|xmpp:)[\w.~:/?#[\]@!$()*+,;=%-]+$/;
const PLAIN_WORD = /^[A-Za-z-]{1,20}$/;

/** Where an element stands: what may be in it depends on that. */
type Place = "blocks" | "text" | "link" | "list";

function placeIn(name: string, place: Place): Place | undefined {
  if (place === "list") return name === "li" ? "blocks" : undefined;
  if (name === "a") return place === "link" ? undefined : "link"; // a link ends where another begins
  if (INLINE.has(name)) return place === "link" ? "link" : "text";
  if (place === "text" || place === "link") return undefined;
  if (OF_TEXT.has(name)) return "text";
  if (OF_BLOCKS.has(name)) return "blocks";
  return LISTS.has(name) ? "list" : undefined;
}

function attributesOf({ name, attrs }: XmlElement): string | undefined {
  let text = "";
  for (const key in attrs) {
    const value = attrs[key] ?? "";
    if (key === "xmlns" && value === NS_XHTML) continue;
    const isPlain =
      key === "href"
        ? name === "a" && PLAIN_ADDRESS.test(value)
        : (key === "lang" || key === "dir") && PLAIN_WORD.test(value);
    if (!isPlain) return undefined;
    text += ` ${key}="${value}"`;
  }
  return text;
}

function write(node: XmlElement, place: Place, depth: number): string | undefined {
  const { name } = node;
  if (name === "br")
    return node.children.length === 0 && isBare(node) && place !== "list" ? "<br />" : undefined;
  const inside = depth < MAX_DEPTH ? placeIn(name, place) : undefined;
  const attributes = inside && attributesOf(node);
  if (inside === undefined || attributes === undefined) return undefined;
  const content = writeAll(node.children, inside, depth + 1);
  return content === undefined ? undefined : `<${name}${attributes}>${content}</${name}>`;
}

const isBare = ({ attrs }: XmlElement): boolean => {
  for (const key in attrs) if (key !== "xmlns" || attrs[key] !== NS_XHTML) return false;
  return true;
};

function writeAll(nodes: readonly (XmlElement | string)[], place: Place, depth: number): string | undefined {
  let text = "";
  for (const node of nodes) {
    const written =
      typeof node !== "string" ? write(node, place, depth) : NEEDS_ESCAPING.test(node) ? undefined : node;
    if (written === undefined) return undefined;
    text += written;
  }
  return text;
}

/**
 * The HTML of XHTML in which there is nothing to sanitise: only elements and attributes that are left as they are,
 * where an HTML parser would see the same tree. That is what most posts are, and writing it out costs a tenth of reading
 * it as HTML. A test compares it with what the sanitiser makes of the same.
 *
 * @param nodes with no namespace but that of XHTML around them
 * @returns undefined where the sanitiser has to decide
 */
export function plainMarkup(nodes: readonly (XmlElement | string)[]): string | undefined {
  const html = writeAll(nodes, "blocks", 0);
  return html === undefined || html.length > MAX_LENGTH ? undefined : html.trim();
}
