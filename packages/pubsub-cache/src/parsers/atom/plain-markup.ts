import { readAddress } from "@larder/core/address";
import type { XmlElement } from "@larder/core/xml";
import { NS_XHTML } from "./namespaces.js";

const INLINE = new Set(
  "abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup u var".split(" "),
);
/** Blocks in which text stands. An HTML parser would end a paragraph where another block begins in it. */
const OF_TEXT = new Set("p pre h1 h2 h3 h4 h5 h6".split(" "));
const OF_BLOCKS = new Set("blockquote div section".split(" "));
const LISTS = new Set(["ol", "ul"]);

const MAX_DEPTH = 20;
const MAX_LENGTH = 256 * 1024;

const PLAIN_NUMBER = /^[0-9]{1,6}$/;
/** An HTML parser takes a line's end for another; U+0000 stands in no XML. */
const ODD_LINE_END = /\r/;
const TO_ESCAPE = /[&<>]/;
/** An address in which nothing is hidden: no white space, quotes, references or characters beyond ASCII. */
const PLAIN_ADDRESS = /^(?:https?:\/\/[\w[]|(?:mailto|xmpp):)[\w.~:/?#[\]@!$()*+,;=%-]+$/;
const PLAIN_WORD = /^[A-Za-z-]{1,20}$/;

const isPlainAddress = (value: string) => PLAIN_ADDRESS.test(value) && readAddress(value) === value;

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

/** Whether the sanitiser leaves an attribute as it is, but for what has to be escaped. */
function isPlain(name: string, key: string, value: string): boolean {
  switch (key) {
    case "lang":
    case "dir":
      return PLAIN_WORD.test(value);
    case "href":
      return name === "a" && isPlainAddress(value);
    case "src":
      return name === "img" && value.startsWith("http") && isPlainAddress(value);
    case "alt":
      return name === "img" && !ODD_LINE_END.test(value);
    case "width":
    case "height":
      return name === "img" && PLAIN_NUMBER.test(value);
    default:
      return false;
  }
}

function attributesOf({ name, attrs }: XmlElement): string | undefined {
  let text = "";
  for (const key in attrs) {
    const value = attrs[key] ?? "";
    if (key === "xmlns" && value === NS_XHTML) continue;
    if (!isPlain(name, key, value)) return undefined;
    text += ` ${key}="${escaped(value).replaceAll('"', "&quot;")}"`;
  }
  return text;
}

const escaped = (text: string): string =>
  TO_ESCAPE.test(text) ? text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") : text;

function write(node: XmlElement, place: Place, depth: number): string | undefined {
  const { name } = node;
  if (name === "br")
    return node.children.length === 0 && isBare(node) && place !== "list" ? "<br />" : undefined;
  if (name === "img") return writeImage(node, place);
  const inside = depth < MAX_DEPTH ? placeIn(name, place) : undefined;
  const attributes = inside && attributesOf(node);
  if (inside === undefined || attributes === undefined) return undefined;
  if (name === "pre" && beginsWithLineEnd(node)) return undefined; // an HTML parser leaves that one out
  const content = writeAll(node.children, inside, depth + 1);
  return content === undefined ? undefined : `<${name}${attributes}>${content}</${name}>`;
}

const beginsWithLineEnd = ({ children: [first] }: XmlElement) =>
  typeof first === "string" && first.startsWith("\n");

/** An image without an address is none. */
function writeImage(image: XmlElement, place: Place): string | undefined {
  if (image.children.length > 0 || image.attrs.src === undefined || place === "list") return undefined;
  const attributes = attributesOf(image);
  return attributes === undefined ? undefined : `<img${attributes} />`;
}

const isBare = ({ attrs }: XmlElement): boolean => {
  for (const key in attrs) if (key !== "xmlns" || attrs[key] !== NS_XHTML) return false;
  return true;
};

function writeAll(nodes: readonly (XmlElement | string)[], place: Place, depth: number): string | undefined {
  let text = "";
  for (const node of nodes) {
    const written =
      typeof node !== "string"
        ? write(node, place, depth)
        : ODD_LINE_END.test(node)
          ? undefined
          : escaped(node);
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
