import type { XmlElement } from "./element.js";
import { NS_XML, NS_XMLNS } from "./parsed-element.js";

/** The prefix of a qualified name; undefined if it has none, the empty string if the name is not one (XML Names §4). */
function prefixOf(name: string): string | undefined {
  const colon = name.indexOf(":");
  if (colon < 0) return undefined;
  return colon === name.length - 1 || name.includes(":", colon + 1) ? "" : name.slice(0, colon);
}

function isDeclared(prefix: string, element: XmlElement, root: XmlElement | undefined): boolean {
  if (prefix === "xml") return true;
  if (prefix === "" || prefix === "xmlns") return false;
  const attribute = `xmlns:${prefix}`;
  for (let above: XmlElement | null = element; above; above = above.parent) {
    if (above.attrs[attribute] !== undefined) return true;
  }
  return root?.attrs[attribute] !== undefined;
}

/**
 * Whether a declaration is one that XML Names allows (§3, §2.2). Another prefix for the namespace of `xml:` is let through:
 * Prosody 0.12 writes one for each attribute like `xml:space` that a stranger sends, and ending the stream there would let
 * anybody end ours.
 */
function isAllowed(prefix: string, namespace: string): boolean {
  if (prefix === "xml") return namespace === NS_XML;
  if (prefix === "xmlns" || namespace === NS_XMLNS) return false;
  return prefix === "" || namespace !== "";
}

/**
 * Finds what makes an element not namespace-well-formed (RFC 6120 §11.3, XML Names §7): a prefix that nothing declares, a
 * reserved one that is declared for something else, a name with two colons.
 *
 * @param element with its parents, as far as they are read
 * @param root declares prefixes too, if it is not one of the parents
 * @returns what is wrong, or undefined
 */
export function namespaceFault(element: XmlElement, root?: XmlElement): string | undefined {
  const { name, attrs } = element;
  if (name.includes(":") && !isDeclared(prefixOf(name) ?? "", element, root))
    return "an element's prefix that nothing declares";
  for (const key in attrs) {
    if (key === "xmlns") {
      if (!isAllowed("", attrs[key] ?? "")) return "a reserved namespace that is declared";
    } else if (key.includes(":")) {
      const prefix = prefixOf(key) ?? "";
      if (prefix === "xmlns") {
        if (!isAllowed(key.slice(6), attrs[key] ?? ""))
          return "a declaration of a prefix that is not allowed";
      } else if (!isDeclared(prefix, element, root)) return "an attribute's prefix that nothing declares";
    }
  }
  return undefined;
}
