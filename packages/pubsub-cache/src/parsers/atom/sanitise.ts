import { readAddress } from "@larder/core/address";
import type { Element, ElementContent, Root, RootContent } from "hast";
import { fromHtml } from "hast-util-from-html";
import { type Schema, sanitize } from "hast-util-sanitize";

const INLINE =
  "a abbr b bdi bdo br cite code del dfn em i ins kbd mark q rp rt ruby s samp small span strong sub sup time u var wbr";
const BLOCKS =
  "article aside blockquote caption dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr img li ol p pre section summary table tbody td tfoot th thead tr ul";

/** Attributes that stay, by the names of properties that the parser gives them and those that they are written by. */
const WRITTEN_AS: Readonly<Record<string, string>> = {
  colSpan: "colspan",
  dateTime: "datetime",
  hrefLang: "hreflang",
  rowSpan: "rowspan",
};
const ATTRIBUTES: NonNullable<Schema["attributes"]> = {
  "*": ["dir", "lang"],
  a: ["href", "hrefLang", "title"],
  abbr: ["title"],
  blockquote: ["cite"],
  del: ["dateTime"],
  img: ["alt", "height", "src", "title", "width"],
  ins: ["dateTime"],
  ol: ["start"],
  q: ["cite"],
  td: ["colSpan", "rowSpan"],
  th: ["colSpan", "rowSpan"],
  time: ["dateTime"],
};

/** Elements whose text is no text of the post. */
const NOT_TEXT = [
  ...["script", "style", "textarea", "option", "noscript", "noembed", "noframes", "xmp", "plaintext"],
  ...["title", "template", "iframe", "object", "svg", "math", "head"],
];

/** Attributes that hold addresses, by element, and the schemes that are shown. */
const ADDRESSES: Readonly<Record<string, readonly [property: string, schemes: RegExp]>> = {
  a: ["href", /^(https?|mailto|xmpp):/i],
  blockquote: ["cite", /^https?:/i],
  q: ["cite", /^https?:/i],
  img: ["src", /^https?:/i],
};

const VOID = new Set(["br", "hr", "img", "wbr"]);
/** Elements within each other that are kept; deeper ones are left out with what they hold. */
const MAX_DEPTH = 100;

const schemaOf = (tags: string): Schema => ({
  tagNames: tags.split(" "),
  attributes: ATTRIBUTES,
  protocols: {
    cite: ["http", "https"],
    href: ["http", "https", "mailto", "xmpp"],
    src: ["http", "https"],
  },
  strip: NOT_TEXT,
  clobber: [],
  ancestors: {},
  required: {},
});

const forPosts = schemaOf(`${INLINE} ${BLOCKS}`);
const forTitles = schemaOf(INLINE);

/** Makes the address of an element absolute, or drops it: a relative one would be taken for one of whoever shows the post. */
function resolveAddress(element: Element, base: string | undefined): void {
  const [property, schemes] = ADDRESSES[element.tagName] ?? [];
  if (property === undefined || schemes === undefined) return;
  const value = element.properties[property];
  const address = typeof value === "string" ? readAddress(value, base) : undefined;
  if (address !== undefined && schemes.test(address)) element.properties[property] = address;
  else delete element.properties[property];
}

function resolveAddresses(parent: Root | Element, base: string | undefined): void {
  for (const child of parent.children) {
    if (child.type !== "element") continue;
    resolveAddress(child, base);
    resolveAddresses(child, base);
  }
}

const escapeText = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const escapeAttribute = (text: string) => escapeText(text).replaceAll('"', "&quot;");

function attributesOf({ tagName, properties }: Element): string {
  let text = "";
  for (const [property, value] of Object.entries(properties)) {
    const written = Array.isArray(value) ? value.join(" ") : String(value ?? "");
    if (written === "" && !(tagName === "img" && property === "alt")) continue;
    text += ` ${WRITTEN_AS[property] ?? property}="${escapeAttribute(written)}"`;
  }
  return text;
}

/** Writes what is left, so that it is well-formed XML too. */
function write(node: RootContent | ElementContent, depth: number): string {
  if (node.type === "text") return escapeText(node.value);
  if (node.type !== "element" || depth > MAX_DEPTH) return "";
  if (node.tagName === "img" && !node.properties.src) return "";
  const start = `<${node.tagName}${attributesOf(node)}`;
  if (VOID.has(node.tagName)) return `${start} />`;
  return `${start}>${node.children.map((child) => write(child, depth + 1)).join("")}</${node.tagName}>`;
}

/**
 * HTML from anybody made safe: parsed as browsers do, then reduced to elements, attributes and schemes that are allowed.
 *
 * @param allowed "post" structure, emphasis, tables and images; "title" what stands inside a line
 * @param base what relative addresses refer to; without it they go
 */
export function sanitiseHtml(html: string, allowed: "post" | "title", base: string | undefined): string {
  const tree = fromHtml(html, { fragment: true });
  resolveAddresses(tree, base);
  const safe = sanitize(tree, allowed === "post" ? forPosts : forTitles);
  const nodes = safe.type === "root" ? safe.children : [safe as RootContent];
  return nodes.map((node) => write(node, 1)).join("");
}
