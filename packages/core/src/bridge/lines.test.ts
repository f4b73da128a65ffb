import test from "ava";
import { LineReader } from "./lines.js";

function reader(limit?: number) {
  const seen: string[] = [];
  const lines = new LineReader({
    onLine: (line) => seen.push(line),
    onTooLong: () => seen.push("(too long)"),
    limit,
  });
  return { lines, seen };
}

test("lines come out whole wherever the stream is cut, also within a character", (t) => {
  const bytes = Buffer.from('{"a":"héllo 👋🏽"}\n\r\n  \n{"b":1}\r\nlast');
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second += 3) {
      const { lines, seen } = reader();
      for (const [from, to] of [
        [0, first],
        [first, second],
        [second, bytes.length],
      ] as const) {
        lines.write(bytes.subarray(from, to));
      }
      lines.end();
      t.deepEqual(seen, ['{"a":"héllo 👋🏽"}', '{"b":1}\r', "last"], `${first} ${second}`);
    }
  }
});

test("a line over the limit is told once and dropped, and the next one is read", (t) => {
  const { lines, seen } = reader(4);
  for (const byte of Buffer.from("1234\n12345678\nabc\n12345\n")) lines.write(Buffer.from([byte]));
  lines.write(Buffer.from("123456789\nok\n"));
  t.deepEqual(seen, ["1234", "(too long)", "abc", "(too long)", "(too long)", "ok"]);
});

test("the limit counts bytes", (t) => {
  const { lines, seen } = reader(3);
  lines.write(Buffer.from("éé\n"));
  t.deepEqual(seen, ["(too long)"]);
});

test("a dropped line cut off by the end is no line", (t) => {
  const { lines, seen } = reader(2);
  lines.write(Buffer.from("12345"));
  lines.end();
  lines.end();
  t.deepEqual(seen, ["(too long)"]);
});

test("bytes that are no UTF-8 spoil their own line alone", (t) => {
  const { lines, seen } = reader();
  lines.write(Buffer.from([0xf0, 0x9f, 10, 0x61, 10]));
  t.is(seen[1], "a");
});

test("long lines are read as they are, one after the other, of whatever characters", (t) => {
  const texts = [131_071, 131_072, 200_000, 150_000, 0xfbee8, 0xfbee9, 2_000_000].flatMap((length) => {
    const ascii = JSON.stringify({ length, text: "x".repeat(length) }).slice(0, length - 1);
    return [`${ascii}}`, `${ascii.slice(0, -4)}é"}`];
  });
  for (const size of [65_536, 1_000_000]) {
    const { lines, seen } = reader();
    const bytes = Buffer.from(`${texts.join("\n")}\n`);
    for (let at = 0; at < bytes.length; at += size) lines.write(bytes.subarray(at, at + size));
    t.is(seen.length, texts.length);
    t.true(texts.every((text, at) => text === seen[at]));
  }
});
