import Element from "ltx/lib/Element.js";
import type { XmlElement } from "./element.js";

/** Namespace of the prefix `xml`, which nobody declares (XML Names §3). */
export const NS_XML = "http://www.w3.org/XML/1998/namespace";
/** Namespace of the prefix `xmlns`, which nobody may declare (XML Names §3). */
export const NS_XMLNS = "http://www.w3.org/2000/xmlns/";

const Base: new (name: string) => XmlElement = Element;

/**
 * Element of ltx that finds namespaces as XML Names says: `xmlns=""` undeclares the default namespace (§6.2), and `xml:` has
 * the one that it always has (§3). ltx takes an empty declaration for none and asks the parent.
 */
export class ParsedElement extends Base {
  /** @returns the empty string if the default namespace is undeclared, undefined if nothing declares the prefix */
  findNS(prefix?: string): string | undefined {
    if (prefix === "xml") return NS_XML;
    const attribute = prefix ? `xmlns:${prefix}` : "xmlns";
    for (let element: XmlElement | null = this; element; element = element.parent) {
      const namespace = element.attrs[attribute];
      if (namespace !== undefined) return namespace;
    }
    return undefined;
  }
}

/** Makes an element of these attributes, which it takes over: ltx's constructor would copy them. */
export function parsedElement(name: string, attrs: Record<string, string | undefined>): XmlElement {
  const element = new ParsedElement(name);
  element.attrs = attrs;
  return element;
}

/** Sets an attribute by any name: assigned, `__proto__` would set the object's prototype and be lost. */
export function setAttribute(attrs: Record<string, string | undefined>, name: string, value: string): void {
  if (name === "__proto__") {
    Object.defineProperty(attrs, name, { value, writable: true, enumerable: true, configurable: true });
  } else attrs[name] = value;
}
