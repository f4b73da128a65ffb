import test from "ava";
import { Utf8Stream } from "./utf8-stream.js";

const text = "héllo 👋🏽 面包 é 𐀀";

test("text that comes in pieces of any length is whole", (t) => {
  const bytes = Buffer.from(text);
  for (let size = 1; size <= bytes.length; size++) {
    const decoder = new Utf8Stream();
    let read = "";
    for (let at = 0; at < bytes.length; at += size) read += decoder.write(bytes.subarray(at, at + size));
    t.is(read, text, `pieces of ${size}`);
  }
});

test("pieces may be written over once they were read", (t) => {
  const decoder = new Utf8Stream();
  const piece = Buffer.from("é").subarray(0, 1);
  t.is(decoder.write(piece), "");
  piece.fill(0x41);
  t.is(decoder.write(Buffer.from([0xa9])), "é");
});

const invalid: [what: string, bytes: number[]][] = [
  ["a byte that begins nothing", [0x41, 0xff]],
  ["a continuation alone", [0x80]],
  ["a character cut off by another", [0xc3, 0x41]],
  ["an overlong form", [0xc0, 0xaf]],
  ["an overlong form of three bytes", [0xe0, 0x80, 0xaf]],
  ["half of a surrogate pair", [0xed, 0xa0, 0x80]],
  ["a code point beyond the last", [0xf4, 0x90, 0x80, 0x80]],
  ["five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ["four continuations", [0xf0, 0x9f, 0x91, 0x8b, 0x8b]],
];
for (const [what, bytes] of invalid) {
  test(`what comes before ${what} is read, and nothing after it, in whichever pieces it comes`, (t) => {
    const all = Buffer.concat([Buffer.from("é1"), Buffer.from(bytes), Buffer.from("after")]);
    for (let size = 1; size <= all.length; size++) {
      const decoder = new Utf8Stream();
      let read = "";
      for (let at = 0; at < all.length; at += size) read += decoder.write(all.subarray(at, at + size));
      t.true(decoder.failed);
      t.regex(read, /^é1(A|👋)?$/u, `pieces of ${size}`);
    }
  });
}
