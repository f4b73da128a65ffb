import type { XmlElement } from "./element.js";

const SPECIAL_IN_TEXT = /[&<>\r]/;
const SPECIAL_IN_ATTRIBUTE = /["&'<>\t\n\r]/;
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
const referenceOf = (character: string) => REFERENCES[character] ?? "";

/**
 * Writes the value of an attribute. White space other than blanks is written as references: a parser makes blanks of it
 * otherwise (XML 1.0 §3.3.3), and the id of one item would be that of another.
 */
export function attributeText(value: string): string {
  return SPECIAL_IN_ATTRIBUTE.test(value) ? value.replace(/["&'<>\t\n\r]/g, referenceOf) : value;
}

/** Writes character data. A carriage return is written as a reference: a parser makes a line feed of it otherwise (XML 1.0 §2.11). */
export function characterText(value: string): string {
  return SPECIAL_IN_TEXT.test(value) ? value.replace(/[&<>\r]/g, referenceOf) : value;
}

/** Writes an element so that a parser reads the same attributes and texts again. */
export function elementText(element: XmlElement): string {
  const { name, attrs, children } = element;
  let text = `<${name}`;
  for (const key in attrs) {
    const given = attrs[key] as unknown;
    if (given === undefined || given === null) continue;
    text += ` ${key}="${attributeText(String(given))}"`;
  }
  if (children.length === 0) return `${text}/>`;
  text += ">";
  // The library takes numbers as children, too.
  for (const child of children)
    text += typeof child === "object" ? elementText(child) : characterText(String(child));
  return `${text}</${name}>`;
}
