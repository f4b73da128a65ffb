import test from "ava";
import { normalForm, qualifyEmoji, receivedEmoji, withoutRepeats } from "./emoji.js";

const qualified: [what: string, given: string, expected: string][] = [
  ["an emoji", "👍", "👍"],
  ["blanks around it", " 👍\n", "👍"],
  ["a heart without its selector", "\u2764", "\u2764\ufe0f"],
  ["a heart with it", "\u2764\ufe0f", "\u2764\ufe0f"],
  ["an emoji with a selector it does not need", "👍\ufe0f", "👍"],
  ["a keycap without its selector", "1\u20e3", "1\ufe0f\u20e3"],
  ["a keycap", "#\ufe0f\u20e3", "#\ufe0f\u20e3"],
  ["a flag of two letters", "🇫🇷", "🇫🇷"],
  ["a flag of tags", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "🏴󠁧󠁢󠁷󠁬󠁳󠁿"],
  ["the rainbow flag without its selector", "\u{1f3f3}\u200d🌈", "\u{1f3f3}\ufe0f\u200d🌈"],
  ["a family", "👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"],
  ["a skin tone", "👍🏽", "👍🏽"],
  ["a skin tone on what is text by default", "☝🏽", "☝🏽"],
  ["a selector before a skin tone", "☝\ufe0f🏽", "☝🏽"],
  ["a health worker without a selector", "👩🏽\u200d\u2695", "👩🏽\u200d\u2695\ufe0f"],
  ["a detective with a skin tone", "🕵🏽\u200d\u2642", "🕵🏽\u200d\u2642\ufe0f"],
  ["two skin tones", "🧑🏻‍🤝‍🧑🏿", "🧑🏻‍🤝‍🧑🏿"],
  ["copyright", "©", "©\ufe0f"],
  ["a burning heart without its selector", "\u2764\u200d🔥", "\u2764\ufe0f\u200d🔥"],
];
for (const [what, given, expected] of qualified) {
  test(`${what} is one emoji, fully qualified`, (t) => {
    t.is(qualifyEmoji(given), expected);
    t.is(qualifyEmoji(expected), expected);
    t.is(normalForm(given.trim()), normalForm(expected));
  });
}

const refused: [what: string, given: string][] = [
  ["nothing", ""],
  ["blanks", "  "],
  ["a letter", "a"],
  ["a digit", "1"],
  ["a digit with a selector", "1\ufe0f"],
  ["a word", "+1"],
  ["two emojis", "👍👍"],
  ["an emoji and a letter", "👍a"],
  ["a selector alone", "\ufe0f"],
  ["a joiner alone", "\u200d"],
  ["a joiner at the end", "👍\u200d"],
  ["one letter of a flag", "🇫"],
  ["a flag of no country", "🇦🇦"],
  ["emojis joined to what nobody draws", "👍\u200d🌈"],
  ["a heart that is asked to be text", "\u2764\ufe0e"],
];
for (const [what, given] of refused)
  test(`${what} is not one emoji`, (t) => t.is(qualifyEmoji(given), undefined));

for (const [what, given] of [
  ["a picture that Unicode has no character for yet", "\u{1faff}"],
  ["one with a skin tone", "\u{1faff}🏽"],
  ["pictures joined to what nobody draws yet", "👍\u200d🌈"],
] as const)
  test(`${what} is an emoji where somebody else has sent it`, (t) => {
    t.is(qualifyEmoji(given), undefined);
    t.is(receivedEmoji(` ${given}\n`), given);
  });

for (const [what, given] of [
  ["two pictures", "\u{1faff}\u{1faff}"],
  ["a picture and a letter", "\u{1faff}a"],
  ["a letter", "a"],
  ["a digit", "1"],
  ["a picture with a thousand joiners", `👍${"\u200d👍".repeat(1000)}`],
] as const)
  test(`${what} is no emoji, whoever has sent it`, (t) => t.is(receivedEmoji(given), undefined));

test("an emoji that repeats another in a different spelling goes, the first stays", (t) => {
  t.deepEqual(withoutRepeats(["\u2764", "👍", "\u2764\ufe0f", "👍"]), ["\u2764", "👍"]);
});
