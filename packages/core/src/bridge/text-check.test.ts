import test from "ava";
import { InvalidParamsError } from "../errors/errors.js";
import { checkTexts } from "./text-check.js";

const refused: [what: string, value: unknown, path: string, character: RegExp][] = [
  ["U+0000 in a body", { body: "a\0b" }, "body", /^body: holds the character U\+0000/],
  ["a bell in a list", { bodies: [{ lang: "", text: "\x07" }] }, "bodies.0.text", /U\+0007/],
  ["a vertical tab", { subject: "\x0b" }, "subject", /U\+000B/],
  ["U+FFFE", { nick: "\ufffe" }, "nick", /U\+FFFE/],
  ["half a surrogate pair", { body: "a\ud83d" }, "body", /half of a surrogate pair/],
  ["the name of a field of a form", { options: { "a\0": "1" } }, "options", /a name in it .*U\+0000/],
];
for (const [what, value, path, message] of refused) {
  test(`${what} is refused, naming the field`, (t) => {
    t.is(t.throws(() => checkTexts(value), { instanceOf: InvalidParamsError, message })?.path, path);
  });
}

test("white space, emojis and whatever is no text are let through", (t) => {
  t.notThrows(() =>
    checkTexts({ body: "a\t\r\n👋🏽\u0085\ufffd", limit: 1, deep: [null, true, { x: undefined }] }),
  );
});
