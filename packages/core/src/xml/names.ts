// Name characters of XML 1.0, fifth edition, §2.3. The last range are surrogate pairs: U+10000 to U+EFFFF.
const START =
  ":A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD";
const REST = `-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040${START}`;
const ASTRAL = "[\\uD800-\\uDB7F][\\uDC00-\\uDFFF]";

/** XML 1.0 §2.3, `Name`. */
const NAME = new RegExp(`(?:[${START}]|${ASTRAL})(?:[${REST}]|${ASTRAL})*`, "y");

/** Which characters of ASCII stand in names: 1 not at the beginning, 2 there too. */
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[:A-Z_a-z]/.test(character) ? 2 : /[-.0-9]/.test(character) ? 1 : 0;
});
const isInName = (code: number) => code < 128 && ASCII[code] !== 0;

/** Where the name ends that begins there; at its beginning where none does. */
export function nameEnd(data: string, at: number): number {
  const first = data.charCodeAt(at);
  let end = at;
  if (first < 128 && ASCII[first] === 2)
    do end++;
    while (isInName(data.charCodeAt(end)));
  if (!(data.charCodeAt(end) >= 128)) return end;
  // Few names are not of ASCII alone; a regular expression knows which characters they may have.
  NAME.lastIndex = at;
  return NAME.test(data) ? NAME.lastIndex : at;
}
