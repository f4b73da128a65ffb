// Name characters of XML 1.0, fifth edition, §2.3. The last range are surrogate pairs: U+10000 to U+EFFFF.
const START =
  ":A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD";
const REST = `-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040${START}`;
const ASTRAL = "[\\uD800-\\uDB7F][\\uDC00-\\uDFFF]";

/** A regular expression's source for a name (XML 1.0 §2.3, `Name`); without flags, and without groups that capture. */
export const NAME = `(?:[${START}]|${ASTRAL})(?:[${REST}]|${ASTRAL})*`;
