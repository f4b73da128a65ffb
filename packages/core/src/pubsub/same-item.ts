import { bareJid } from "../jid/jid.js";
import { NS_PUBSUB, NS_PUBSUB_EVENT } from "../namespaces.js";
import { XmlSyntaxError } from "../xml/syntax-error.js";
import { XmlTokenizer } from "../xml/tokenizer.js";

/** Characters that XML does not have, so that no text can look like the mark of another part. */
const [ELEMENT, ATTRIBUTE, VALUE, TEXT, END] = ["\u0001", "\u0002", "\u0003", "\u0004", "\u0005"];

/** Namespaces by prefix; "" is the default one. */
type Scope = Readonly<Record<string, string>>;

const NS_XML = "http://www.w3.org/XML/1998/namespace";
const ROOT_SCOPE: Scope = Object.assign(Object.create(null) as Record<string, string>, { xml: NS_XML });

/** The namespaces in force inside an element. What stands in a notification is in the namespace that an answer gives it (XEP-0060 §7.1.2). */
function scopeInside(outer: Scope, attributes: Readonly<Record<string, string>>): Scope {
  let inner: Record<string, string> | undefined;
  for (const [key, value] of Object.entries(attributes)) {
    if (key !== "xmlns" && !key.startsWith("xmlns:")) continue;
    inner ??= Object.assign(Object.create(null) as Record<string, string>, outer);
    inner[key === "xmlns" ? "" : key.slice("xmlns:".length)] = value === NS_PUBSUB_EVENT ? NS_PUBSUB : value;
  }
  return inner ?? outer;
}

/** A name with its namespace in place of its prefix; an attribute without a prefix is in none (XML Names §6.2). */
function expanded(name: string, scope: Scope, isAttribute: boolean): string {
  const colon = name.indexOf(":");
  if (colon < 0) return isAttribute ? name : `{${scope[""] ?? ""}}${name}`;
  const prefix = name.slice(0, colon);
  return `{${scope[prefix] ?? `${prefix}:`}}${name.slice(colon + 1)}`;
}

/**
 * The text of an item without what services write differently each time: the order of attributes, prefixes and
 * declarations of namespaces, the kind of quotes and references, CDATA sections, and the namespace of the stanza that
 * brought it. It is for comparing alone, and it leaves out the publisher, which some services state in notifications only.
 *
 * @throws {XmlSyntaxError} the text is not one element
 */
export function canonicalItem(text: string): string {
  const parts: string[] = [];
  const scopes: Scope[] = [ROOT_SCOPE];
  let inText = false;
  const tokenizer = new XmlTokenizer({
    open: (name, attributes) => {
      inText = false;
      const isRoot = scopes.length === 1;
      const scope = scopeInside(scopes.at(-1) ?? ROOT_SCOPE, attributes);
      scopes.push(scope);
      parts.push(ELEMENT, expanded(name, scope, false));
      Object.entries(attributes)
        .filter(([key]) => key !== "xmlns" && !key.startsWith("xmlns:") && !(isRoot && key === "publisher"))
        .map(([key, value]) => `${ATTRIBUTE}${expanded(key, scope, true)}${VALUE}${value}`)
        .sort()
        .forEach((attribute) => void parts.push(attribute));
    },
    close: () => {
      inText = false;
      scopes.pop();
      parts.push(END);
    },
    text: (data) => {
      if (data === "") return;
      if (!inText) parts.push(TEXT);
      inText = true;
      parts.push(data);
    },
  });
  tokenizer.write(text);
  if (!tokenizer.ended) throw new XmlSyntaxError("the text ends before the element does");
  return parts.join("");
}

/** An item as far as it matters whether two of them say the same. */
interface ComparedItem {
  readonly publisher?: string;
  readonly xml: string;
}

/**
 * Compares two versions of an item. A publisher that one of them does not state, or states with a resource, is no
 * difference: services need not state it (XEP-0060 §7.1.2.3).
 */
export function saysTheSame(one: ComparedItem, other: ComparedItem): boolean {
  const [first, second] = [bareJid(one.publisher), bareJid(other.publisher)];
  if (first !== undefined && second !== undefined && first !== second) return false;
  if (one.xml === other.xml) return true;
  try {
    return canonicalItem(one.xml) === canonicalItem(other.xml);
  } catch (error) {
    if (error instanceof XmlSyntaxError) return false; // what cannot be read is compared letter for letter
    throw error;
  }
}
