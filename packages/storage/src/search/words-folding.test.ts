import test from "ava";
import { foldCase } from "./words.js";

/** Full case folding as Unicode has it, the long way; see `foldCase`. */
const thorough = (text: string): string =>
  text
    .split("ı")
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ"))
    .join("ı");

test("every character is folded fully, also by the short way", (t) => {
  const different: string[] = [];
  for (let code = 0; code < 0x20000; code++) {
    const character = String.fromCodePoint(code);
    if (character.isWellFormed() && foldCase(`a${character} b`) !== thorough(`a${character} b`))
      different.push(code.toString(16));
  }
  t.deepEqual(different, []);
});
