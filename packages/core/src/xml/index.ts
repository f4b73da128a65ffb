/** Reading and writing XML without the rest of this package: a thread that parses items is there sooner. */
export type { XmlElement } from "./element.js";
export { attributeText, characterText, elementText } from "./element-text.js";
export { parsedElement, setAttribute } from "./parsed-element.js";
export { XmlSyntaxError } from "./syntax-error.js";
export { XmlTokenizer, type XmlTokens } from "./tokenizer.js";
