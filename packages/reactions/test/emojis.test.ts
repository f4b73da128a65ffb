import { applyUpdate, normalForm, qualifyEmoji } from "@larder/reactions";
import test from "ava";

for (const [name, given, qualified] of [
  ["plain", "👍", "👍"],
  ["skin tone", "👍🏽", "👍🏽"],
  ["unqualified heart", "\u2764", "❤️"],
  ["qualified heart", "❤️", "❤️"],
  ["keycap without selector", "1\u20e3", "1️⃣"],
  ["flag", "🇫🇷", "🇫🇷"],
  ["subdivision flag", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
  ["family", "👩‍👩‍👧", "👩‍👩‍👧"],
  ["unqualified ZWJ sequence", "\u{1f3f3}\u200d\u{1f308}", "🏳️‍🌈"],
  ["eye in speech bubble", "\u{1f441}\u200d\u{1f5e8}", "👁️‍🗨️"],
  ["blanks around it", " 🎉\n", "🎉"],
] as const) {
  test(`one emoji, fully qualified: ${name}`, (t) => {
    t.is(qualifyEmoji(given), qualified);
    t.is(normalForm(qualifyEmoji(given) ?? ""), normalForm(given.trim()));
  });
}

for (const text of [
  "",
  " ",
  "a",
  "ok",
  "1",
  "#",
  "👍👍",
  "👍 ok",
  "🇫",
  "🏽\u200d",
  "\ufe0f",
  "\u200d",
  "🎉\u0000",
  ":)",
]) {
  test(`not one emoji: ${JSON.stringify(text)}`, (t) => {
    t.is(qualifyEmoji(text), undefined);
  });
}

test("updates compare by normal form, keep the order and never repeat", (t) => {
  const current = ["👍", "❤️"];
  t.deepEqual(applyUpdate(current, ["🎉", "🎉", "👍"], "replace"), ["🎉", "👍"]);
  t.deepEqual(applyUpdate(current, ["\u2764", "🎉"], "add"), ["👍", "❤️", "🎉"]);
  t.deepEqual(applyUpdate(current, ["\u2764"], "remove"), ["👍"]);
  t.deepEqual(applyUpdate(current, ["\u2764", "🎉"], "toggle"), ["👍", "🎉"]);
  t.deepEqual(applyUpdate([], [], "toggle"), []);
});
